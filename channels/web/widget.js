// One line puts the chat on any page:
//   <script src="https://lotse.example.org/widget.js" defer></script>
// Attributes, all optional: data-language (de, en), data-color, data-theme (auto, light, dark),
// data-position (right, left), data-title, data-label. Nothing but this file is loaded before the
// chat is opened; the chat itself lives in a frame of its own, out of reach of the page.
"use strict";

(() => {
  const script = document.currentScript;
  const NAME = "lizenzlotse-chat";
  const WORDS = {{words}};
  const OPEN = "lizenzlotse-open";
  // After so many milliseconds without a sign of life from the frame it is said that none came.
  const PATIENCE = 12000;

  if (!script || document.querySelector(NAME)) {
    return;
  }

  // --- what the page wants ----------------------------------------------------------------------

  const home = new URL("./", script.src);
  const wish = script.dataset;
  const language = languageOf(wish.language, document.documentElement.lang, navigator.language);
  const words = WORDS[language];
  const title = wish.title || words.title;
  const label = wish.label || words.launcher;
  const theme = ["light", "dark"].includes(wish.theme) ? wish.theme : "auto";
  const color = CSS.supports("color", wish.color || "") ? wish.color : "#0f4c5c";
  const side = wish.position === "left" ? "left" : "right";
  const narrow = matchMedia("(max-width: 480px), (max-height: 480px)");

  function languageOf(...wanted) {
    const known = wanted.map((one) => (one || "").slice(0, 2).toLowerCase());
    return known.find((one) => one in WORDS) || "de";
  }

  function frameAddress() {
    const address = new URL(home);
    address.search = new URLSearchParams({ embed: "1", lang: language, theme, color });
    return address.href;
  }

  // --- how it looks -----------------------------------------------------------------------------

  // Black or white, whichever is read better on the colour of the page's choice.
  function inkOn(node) {
    const rgb = getComputedStyle(node).backgroundColor.match(/^rgb\((\d+), (\d+), (\d+)\)$/);
    const [r, g, b] = (rgb || [0, 0, 0, 0]).slice(1).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
  }

  const LOOK = `
    :host { all: initial; color-scheme: light dark; }
    :host([theme="light"]) { color-scheme: light; }
    :host([theme="dark"]) { color-scheme: dark; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    #launcher, dialog { ${side}: 20px; bottom: 20px; position: fixed; z-index: 2147483000; }
    #launcher, dialog, button, a {
      font: 600 16px/1.3 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    }
    button { background: none; border: 0; color: inherit; cursor: pointer; padding: 0; }
    #launcher, header { background: var(--color); color: var(--ink); }
    #launcher {
      align-items: center; border: 2px solid #fff; border-radius: 28px;
      box-shadow: 0 0 0 1px #0006, 0 6px 20px #0005; display: flex; gap: 10px;
      min-height: 52px; min-width: 52px; padding: 8px 18px 8px 14px;
    }
    #launcher:hover { text-decoration: underline; }
    :focus-visible { outline: 3px solid #000; outline-offset: 2px; box-shadow: 0 0 0 6px #fff; }
    header :focus-visible { box-shadow: none; outline-color: currentColor; outline-offset: -4px; }
    dialog {
      background: light-dark(#fff, #15252b); border: 1px solid light-dark(#b9c6ca, #3d555f);
      border-radius: 14px; box-shadow: 0 12px 40px #0006; color: light-dark(#16262b, #e8f0f2);
      height: min(700px, calc(100vh - 40px)); inset-${side === "left" ? "inline-end" : "inline-start"}: auto;
      margin: 0; max-height: none; max-width: none; overflow: hidden; padding: 0; top: auto;
      width: min(440px, calc(100vw - 40px));
    }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: #0008; }
    header { align-items: center; display: flex; flex: none; min-height: 48px; padding-left: 16px; }
    h2 {
      flex: 1; font-size: 17px; line-height: 1.3; margin: 0; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap;
    }
    #close { flex: none; height: 48px; width: 52px; }
    svg { display: block; fill: none; height: 24px; margin: auto; stroke: currentColor;
      stroke-linecap: round; stroke-linejoin: round; stroke-width: 2; width: 24px; flex: none; }
    iframe { background: inherit; border: 0; display: block; flex: 1; min-height: 0; width: 100%; }
    #notice { font-weight: 400; margin: 0; padding: 16px; }
    #notice:empty { padding: 0; }
    #notice p { margin: 0 0 12px; }
    #notice button, #notice a {
      border: 1px solid; border-radius: 8px; color: inherit; display: inline-block;
      margin: 0 8px 8px 0; min-height: 44px; padding: 10px 14px; text-decoration: none;
    }
    @media (max-width: 480px), (max-height: 480px) {
      dialog { border: 0; border-radius: 0; height: 100vh; height: 100dvh; inset: 0; width: 100vw; }
      #launcher { bottom: 12px; ${side}: 12px; }
    }
    @media (max-width: 480px) { #launcher span { display: none; } #launcher { padding: 12px; } }
    @media print { :host { display: none; } }
    @media (forced-colors: active) { #launcher { border-color: ButtonText; } }
  `;

  // --- the parts --------------------------------------------------------------------------------

  function make(tag, attributes = {}, ...children) {
    const node = document.createElementNS(
      tag === "svg" || tag === "path"
        ? "http://www.w3.org/2000/svg"
        : "http://www.w3.org/1999/xhtml",
      tag,
    );
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  }

  const icon = (path) =>
    make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, make("path", { d: path }));

  const launcher = make(
    "button",
    { id: "launcher", type: "button", "aria-haspopup": "dialog", "aria-label": label },
    icon("M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12h5"),
    make("span", {}, label),
  );
  const close = make(
    "button",
    { id: "close", type: "button", "aria-label": words.close },
    icon("M6 6l12 12M18 6L6 18"),
  );
  const retry = make("button", { type: "button" }, words.retry);
  const notice = make("div", { id: "notice", role: "status" });
  const dialog = make(
    "dialog",
    { lang: language, "aria-labelledby": "title" },
    make("header", {}, make("h2", { id: "title" }, title), close),
    notice,
  );
  const host = make(NAME, { theme, lang: language });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(LOOK);
  root.adoptedStyleSheets = [sheet];
  host.style.setProperty("--color", color);
  root.append(launcher, dialog);

  // --- open and close ---------------------------------------------------------------------------

  let frame = null;
  let timer = 0;

  function load() {
    frame?.remove();
    frame = make("iframe", { title, src: frameAddress(), allow: "clipboard-write" });
    notice.replaceChildren(make("p", {}, words.loading));
    dialog.append(frame);
    clearTimeout(timer);
    timer = setTimeout(failed, PATIENCE);
  }

  function failed() {
    const link = make("a", { href: `${home.href}?lang=${language}`, target: "_blank", rel: "noopener" });
    link.append(words.elsewhere);
    frame.remove();
    frame = null;
    notice.replaceChildren(make("p", {}, words.failed), retry, link);
  }

  // On a phone the chat covers the page, so what it covers must not be reached.
  function show() {
    if (narrow.matches) {
      dialog.showModal();
    } else {
      dialog.show();
    }
  }

  function open() {
    if (dialog.open) {
      return;
    }
    launcher.hidden = true;
    show();
    if (!frame) {
      load();
    } else {
      frame.focus();
    }
    remember("1");
  }

  function shut() {
    if (dialog.open) {
      dialog.close();
    }
  }

  function remember(value) {
    try {
      sessionStorage.setItem(OPEN, value);
    } catch {
      // A browser without storage: the chat is closed on the next page.
    }
  }

  function wasOpen() {
    try {
      return sessionStorage.getItem(OPEN) === "1";
    } catch {
      return false;
    }
  }

  launcher.addEventListener("click", open);
  close.addEventListener("click", shut);
  retry.addEventListener("click", () => {
    load();
    close.focus();
  });
  dialog.addEventListener("close", () => {
    if (turning) {
      return;
    }
    remember("");
    launcher.hidden = false;
    launcher.focus();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      shut();
    }
  });

  let turning = false;
  narrow.addEventListener("change", () => {
    if (dialog.open) {
      const inside = root.activeElement;
      turning = true;
      dialog.close();
      show();
      inside?.focus();
      setTimeout(() => (turning = false));
    }
  });

  // The frame says that it is there, that one can write, and that Escape was pressed in it.
  addEventListener("message", ({ data, origin, source }) => {
    if (origin !== home.origin || !frame || source !== frame.contentWindow) {
      return;
    }
    if (data?.lizenzlotse === "here") {
      clearTimeout(timer);
      notice.replaceChildren();
    } else if (data?.lizenzlotse === "ready" && root.activeElement === close) {
      frame.focus();
    } else if (data?.lizenzlotse === "close") {
      shut();
    }
  });

  window.lizenzlotse = { open, close: shut };

  function begin() {
    document.body.append(host);
    host.style.setProperty("--ink", inkOn(launcher));
    if (wasOpen()) {
      // Without taking the focus from the page that was asked for.
      const focused = document.activeElement;
      open();
      focused?.focus();
      document.activeElement === host && document.activeElement.blur();
    }
  }

  if (document.body) {
    begin();
  } else {
    addEventListener("DOMContentLoaded", begin);
  }
})();
