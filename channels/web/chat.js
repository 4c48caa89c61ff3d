// Draws Web Chat over our own Direct Line. No secret is here: the server gives a short-lived
// token for one conversation, and the conversation survives a reload of this tab.
"use strict";

(() => {
  const domain = new URL("directline", document.baseURI).href;
  const language = document.documentElement.lang;
  const locale = { de: "de-DE", en: "en-US" }[language];
  const chat = document.getElementById("chat");
  const notice = document.getElementById("notice");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const KEPT = "lizenzlotse";
  const CARD = "application/vnd.microsoft.card.adaptive";
  const MONOSPACE = "'Cascadia Mono', Consolas, 'DejaVu Sans Mono', Menlo, monospace";
  // The values of DirectLineJS's connection status.
  const ONLINE = 2;
  const OVER = [3, 4, 5];

  notice.dataset.state = "loading";

  function tell(state) {
    notice.dataset.state = state;
    notice.textContent = state ? notice.dataset[state] : "";
  }

  // --- the conversation ---------------------------------------------------------------------

  async function ask(method, path, token) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const response = await fetch(`${domain}${path}`, { method, headers });
    if (!response.ok) {
      throw new Error(`${path}: ${response.status}`);
    }
    return response.json();
  }

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT));
    } catch {
      return null;
    }
  }

  function keep(conversation) {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(conversation));
    } catch {
      // A browser without storage: the chat works, a reload begins anew.
    }
  }

  async function resumed() {
    const { conversationId, token } = kept();
    const conversation = await ask("GET", `/conversations/${conversationId}`, token);
    return { conversationId, token: conversation.token };
  }

  async function begun() {
    const { conversationId, token } = await ask("POST", "/tokens/generate");
    keep({ conversationId, token });
    return { token, conversationStartProperties: { locale } };
  }

  // --- how it looks ---------------------------------------------------------------------------

  // The plain text of an answer is for those who do not see its card, so Web Chat reads it aloud
  // and does not draw it; and a choice is offered once, in the card.
  function calm(action) {
    const activity = action.type === "DIRECT_LINE/INCOMING_ACTIVITY" && action.payload.activity;
    const card = activity && activity.attachments?.find(({ contentType }) => contentType === CARD);
    if (!card) {
      return action;
    }
    const { text, suggestedActions, ...drawn } = activity;
    drawn.channelData = { ...activity.channelData, "webchat:fallback-text": text };
    return { ...action, payload: { ...action.payload, activity: drawn } };
  }

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    return Object.fromEntries(
      ["page", "paper", "ink", "quiet", "line", "accent", "accent-ink"].map((n) => [n, colour(n)]),
    );
  }

  function styleOptions(c) {
    const font = getComputedStyle(document.body).fontFamily;
    return {
      accent: c.accent,
      backgroundColor: c.paper,
      subtle: c.quiet,
      primaryFont: font,
      monospaceFont: MONOSPACE,
      bubbleBackground: c.page,
      bubbleBorderColor: c.line,
      bubbleBorderRadius: 12,
      bubbleTextColor: c.ink,
      bubbleMaxWidth: 640,
      bubbleFromUserBackground: c.accent,
      bubbleFromUserBorderColor: c.accent,
      bubbleFromUserBorderRadius: 12,
      bubbleFromUserTextColor: c["accent-ink"],
      hideUploadButton: true,
      maxMessageLength: 100000,
      sendBoxBackground: c.paper,
      sendBoxBorderTop: `solid 1px ${c.line}`,
      sendBoxButtonColor: c.accent,
      sendBoxButtonShadeColorOnHover: c.page,
      sendBoxButtonShadeColorOnActive: c.line,
      sendBoxHeight: 52,
      sendBoxPlaceholderColor: c.quiet,
      sendBoxTextColor: c.ink,
      sendBoxTextWrap: true,
      timestampColor: c.quiet,
      transcriptVisualKeyboardIndicatorColor: c.accent,
      transcriptActivityVisualKeyboardIndicatorColor: c.accent,
      cardEmphasisBackgroundColor: c.paper,
      cardPushButtonBackgroundColor: c.accent,
      cardPushButtonTextColor: c["accent-ink"],
    };
  }

  function hostConfig(c) {
    const text = (strong) => ({ default: strong, subtle: c.quiet });
    const container = (back) => ({
      backgroundColor: back,
      borderColor: c.line,
      foregroundColors: {
        default: text(c.ink),
        accent: text(c.accent),
        good: text(c.ink),
        warning: text(c.ink),
        attention: text(c.ink),
      },
    });
    const tint = dark.matches
      ? { accent: "#12343d", good: "#143524", warning: "#3d3010", attention: "#471b1b" }
      : { accent: "#e3f1f4", good: "#e2f3e8", warning: "#fff2d6", attention: "#fde8e6" };
    const fontSizes = { small: 14, default: 16, medium: 18, large: 21, extraLarge: 26 };
    const fontWeights = { lighter: 300, default: 400, bolder: 650 };
    return {
      supportsInteractivity: true,
      // Both, whole: with a part of them missing, cards stay empty.
      fontTypes: {
        default: { fontFamily: getComputedStyle(document.body).fontFamily, fontSizes, fontWeights },
        monospace: { fontFamily: MONOSPACE, fontSizes, fontWeights },
      },
      lineHeights: { small: 20, default: 23, medium: 25, large: 28, extraLarge: 32 },
      spacing: { small: 6, default: 10, medium: 14, large: 20, extraLarge: 28, padding: 12 },
      actions: {
        actionsOrientation: "vertical",
        actionAlignment: "stretch",
        buttonSpacing: 8,
        maxActions: 6,
        spacing: "medium",
      },
      containerStyles: {
        default: container(c.page),
        emphasis: container(c.paper),
        accent: container(tint.accent),
        good: container(tint.good),
        warning: container(tint.warning),
        attention: container(tint.attention),
      },
    };
  }

  // --- together -------------------------------------------------------------------------------

  async function run() {
    const conversation = await resumed().catch(begun);
    const directLine = WebChat.createDirectLine({ domain, ...conversation });
    const store = WebChat.createStore({}, () => (next) => (action) => next(calm(action)));

    function draw() {
      const c = colours();
      WebChat.renderWebChat(
        {
          directLine,
          store,
          locale,
          styleOptions: styleOptions(c),
          adaptiveCardsHostConfig: hostConfig(c),
        },
        chat,
      );
    }

    directLine.connectionStatus$.subscribe((status) => {
      if (status === ONLINE) {
        tell("");
      } else if (OVER.includes(status)) {
        tell("ended");
      }
    });
    addEventListener("pagehide", () => {
      const { conversationId, token } = directLine;
      if (conversationId) {
        keep({ conversationId, token });
      }
    });
    dark.addEventListener("change", draw);
    draw();
    tell("");
  }

  document.getElementById("new").addEventListener("click", () => {
    // The page leaves without keeping its conversation.
    addEventListener("pagehide", () => sessionStorage.removeItem(KEPT));
    location.reload();
  });

  run().catch((error) => {
    console.error(error);
    tell("failed");
  });
})();
