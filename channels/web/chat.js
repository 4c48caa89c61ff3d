// Draws Web Chat over our own Direct Line. No secret is here: the server gives a short-lived
// token for one conversation, and a key that takes it up again after a reload or a long sleep.
"use strict";

(() => {
  const domain = new URL("directline", document.baseURI).href;
  const page = document.documentElement;
  const language = page.lang;
  const locale = { de: "de-DE", en: "en-US" }[language];
  const wish = new URLSearchParams(location.search);
  const embedded = "embedded" in page.dataset && parent !== window;
  const chat = document.getElementById("chat");
  const notice = document.getElementById("notice");
  const more = document.getElementById("more");
  const sure = document.getElementById("sure");
  const bundle = document.querySelector("script[src^='assets/webchat.js']");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const KEPT = "lizenzlotse";
  const CARD = "application/vnd.microsoft.card.adaptive";
  const MONOSPACE = "'Cascadia Mono', Consolas, 'DejaVu Sans Mono', Menlo, monospace";
  const SENDBOX = "#chat textarea, #chat input[type=text]";
  // What people have of a command's output; the server looks into a file, not at its name.
  const TEXT_FILES = ".txt,.log,.csv,.json,.xml,.html,.htm,.reg,.ini,.out,text/*";
  // The values of DirectLineJS's connection status.
  const EXPIRED = 3;
  const OVER = [4, 5];

  notice.dataset.state = "loading";

  function tell(state, text) {
    notice.dataset.state = state;
    notice.textContent = text || notice.dataset[state] || "";
  }

  // What the page around this frame may know: nothing of what is written here.
  function say(word) {
    if (embedded) {
      parent.postMessage({ lizenzlotse: word }, "*");
    }
  }

  // --- the conversation ---------------------------------------------------------------------

  async function ask(method, path, { token, body } = {}) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const response = await fetch(`${domain}${path}`, {
      method,
      headers: { ...headers, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status}`);
    }
    return response;
  }

  const answer = async (...request) => (await ask(...request)).json();

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) || {};
    } catch {
      return {};
    }
  }

  function keep(conversation) {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...conversation }));
    } catch {
      // A browser without storage: the chat works, a reload begins anew.
    }
  }

  function drop() {
    try {
      sessionStorage.removeItem(KEPT);
    } catch {
      // As above.
    }
  }

  // Returns the conversation that this tab has kept, with a token that is good.
  async function resumed() {
    const { conversationId, token, key } = kept();
    if (!conversationId) {
      throw new Error("There is no conversation to take up.");
    }
    const path = `/conversations/${conversationId}`;
    const again = await answer("GET", path, { token }).catch(() =>
      answer("POST", "/tokens/resume", { body: { key } }),
    );
    keep({ token: again.token, key: again.key || key });
    return { conversationId, token: again.token };
  }

  async function begun() {
    const { conversationId, token, key } = await answer("POST", "/tokens/generate");
    keep({ conversationId, token, key });
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

  const NAMES = [
    ...["page", "paper", "ink", "quiet", "line", "accent", "accent-ink"],
    ...["tint-accent", "tint-good", "tint-warning", "tint-attention"],
  ];

  // As they are now: a scheme of the browser or of the page around us has been applied.
  function colours() {
    const probe = document.body.appendChild(document.createElement("i"));
    const pairs = NAMES.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    });
    probe.remove();
    return Object.fromEntries(pairs);
  }

  function parts(color) {
    return color.match(/[\d.]+/g).slice(0, 3).map(Number);
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  // The page's own colour, moved towards the ink until it can be read as text (WCAG 1.4.3).
  function paintAccent() {
    const wanted = wish.get("color");
    page.style.removeProperty("--accent");
    page.style.removeProperty("--accent-ink");
    if (!wanted || !CSS.supports("color", wanted)) {
      return;
    }
    page.style.setProperty("--accent", wanted);
    const c = colours();
    const [own, ink] = [parts(c.accent), parts(c.ink)];
    const grounds = [c.page, c.paper, c["tint-accent"]].map(parts);
    const mixed = (share) => own.map((part, i) => Math.round(part + (ink[i] - part) * share));
    const steps = Array.from({ length: 21 }, (_, step) => mixed(step / 20));
    const readable = (rgb) => grounds.every((ground) => contrast(rgb, ground) >= 4.6);
    const accent = steps.find(readable) || ink;
    const black = contrast(accent, [0, 0, 0]) > contrast(accent, [255, 255, 255]);
    page.style.setProperty("--accent", `rgb(${accent.join(" ")})`);
    page.style.setProperty("--accent-ink", black ? "#000" : "#fff");
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
      uploadAccept: TEXT_FILES,
      uploadMultiple: false,
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
    const fontSizes = { small: 14, default: 16, medium: 18, large: 21, extraLarge: 26 };
    const fontWeights = { lighter: 300, default: 400, bolder: 650 };
    return {
      supportsInteractivity: true,
      // A heading needs a level; the page's own is the first.
      textBlock: { headingLevel: 2 },
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
        accent: container(c["tint-accent"]),
        good: container(c["tint-good"]),
        warning: container(c["tint-warning"]),
        attention: container(c["tint-attention"]),
      },
    };
  }

  // --- together -------------------------------------------------------------------------------

  let line = null;
  // What was written last and not taken yet.
  let unsent = "";

  // A message that the server did not take: its sentence says why and what to do. Web Chat keeps
  // the reason to itself, so it is read where it arrives.
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...body) {
    this.addEventListener("load", () => {
      if ([413, 429].includes(this.status)) {
        tell("refused", this.response?.error?.message);
      }
    });
    return send.apply(this, body);
  };

  function noticed(action) {
    if (action.type === "DIRECT_LINE/POST_ACTIVITY") {
      unsent = action.payload.activity.text || "";
    } else if (action.type === "DIRECT_LINE/POST_ACTIVITY_FULFILLED") {
      unsent = "";
      tell("");
    }
    return action;
  }

  async function run() {
    mount(await resumed().catch(begun));
    written();
  }

  // A token that expired while the computer slept is renewed. Web Chat has given up by then, so it
  // is mounted anew: it reads the conversation again, and what was not taken waits to be sent.
  async function renew() {
    const text = unsent;
    unsent = "";
    try {
      mount(await resumed(), text);
      tell("resumed");
      setTimeout(() => notice.dataset.state === "resumed" && tell(""), 8000);
    } catch {
      tell("ended");
    }
  }

  let draw = () => {};
  dark.addEventListener("change", () => draw());
  addEventListener("pagehide", () => {
    if (line?.conversationId && kept().conversationId === line.conversationId) {
      keep({ token: line.token });
    }
  });

  function mount(conversation, text = "") {
    const directLine = WebChat.createDirectLine({ domain, ...conversation });
    const store = WebChat.createStore({}, () => (next) => (action) => next(noticed(calm(action))));
    line = directLine;
    draw = () => {
      paintAccent();
      page.classList.toggle("night", luminance(parts(colours().page)) < 0.2);
      const c = colours();
      WebChat.renderWebChat(
        {
          directLine,
          store,
          locale,
          styleOptions: styleOptions(c),
          adaptiveCardsHostConfig: hostConfig(c),
          cardActionMiddleware: lotseCopy,
        },
        chat,
      );
    };
    directLine.connectionStatus$.subscribe((status) => {
      if (directLine !== line) {
        return;
      }
      if (status === EXPIRED) {
        line = null;
        renew();
      } else if (OVER.includes(status) && notice.dataset.state !== "forgotten") {
        tell("ended");
      }
    });
    draw();
    tell("");
    if (text) {
      store.dispatch({ type: "WEB_CHAT/SET_SEND_BOX", payload: { text } });
    }
  }

  // The send box appears a moment after the chat is drawn.
  function written() {
    const box = document.querySelector(SENDBOX);
    if (!box) {
      requestAnimationFrame(written);
      return;
    }
    addEventListener("focus", () => document.activeElement === document.body && box.focus());
    say("ready");
    if (embedded && document.hasFocus()) {
      box.focus();
    }
  }

  // --- the menu -------------------------------------------------------------------------------

  const other = document.getElementById("language");
  const address = new URLSearchParams(wish);
  address.set("lang", other.lang);
  other.search = address;

  document.getElementById("new").addEventListener("click", () => {
    drop();
    location.reload();
  });

  document.getElementById("save").addEventListener("click", async () => {
    more.open = false;
    const token = line.token || kept().token;
    const file = await ask("GET", `/conversations/${line.conversationId}/transcript`, { token });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await file.blob());
    link.download = `lizenzlotse-${new Date().toISOString().slice(0, 10)}.txt`;
    link.click();
    URL.revokeObjectURL(link.href);
  });

  document.getElementById("forget").addEventListener("click", () => {
    more.open = false;
    sure.returnValue = "no";
    sure.showModal();
  });

  sure.addEventListener("close", async () => {
    if (sure.returnValue !== "yes") {
      more.querySelector("summary").focus();
      return;
    }
    const token = line.token || kept().token;
    const { message } = await answer("DELETE", `/conversations/${line.conversationId}`, { token });
    drop();
    tell("forgotten", message);
    line.end();
    chat.hidden = true;
    document.getElementById("new").focus();
  });

  more.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !more.contains(relatedTarget)) {
      more.open = false;
    }
  });
  addEventListener("click", ({ target }) => {
    if (!more.contains(target)) {
      more.open = false;
    }
  });

  // Who answers a card by keyboard goes on at the place where one writes, not in the old card.
  const forward = ({ target, detail }) => {
    if (detail === 0 && target.closest(".ac-pushButton")) {
      setTimeout(() => document.querySelector(SENDBOX)?.focus());
    }
  };
  chat.addEventListener("click", forward, true);

  // Escape closes the menu; in a frame the chat, unless Web Chat has a use for it: it leads from
  // a message back to the place where one writes.
  let from = null;
  addEventListener("keydown", () => (from = document.activeElement), true);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || sure.open) {
      return;
    }
    if (more.open) {
      more.open = false;
      more.querySelector("summary").focus();
    } else if (!from?.closest(".webchat__basic-transcript")) {
      say("close");
    }
  });

  function failed(error) {
    console.error(error);
    tell("failed");
  }

  if (embedded) {
    // The handbook belongs beside the chat and not in its place.
    document.querySelectorAll("footer a").forEach((link) => (link.target = "_blank"));
  }
  say("here");
  bundle.addEventListener("load", () => run().catch(failed));
  bundle.addEventListener("error", () => failed("Web Chat is missing."));
})();
