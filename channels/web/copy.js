// The button beside a command. It copies here, in the browser: nothing is sent to the server.
"use strict";

(() => {
  const SHOWN = 2500;
  let clicked = null;

  // Web Chat does not tell which button it was.
  addEventListener("click", ({ target }) => (clicked = target.closest?.(".ac-pushButton")), true);

  // Read by screen readers, wherever the focus is.
  const heard = document.createElement("p");
  heard.setAttribute("role", "status");
  heard.className = "heard";

  function select(button) {
    const box = button?.closest(".ac-columnSet")?.querySelector(".ac-richTextBlock");
    if (box) {
      getSelection().selectAllChildren(box);
    }
    return box;
  }

  // Without https there is no Clipboard API: what is selected can still be copied.
  async function copied(text, button) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return Boolean(select(button)) && document.execCommand("copy");
    }
  }

  function name(button, words) {
    (button.querySelector("div, span") || button).textContent = words;
    button.setAttribute("aria-label", words);
  }

  function tell(button, sentence) {
    heard.textContent = sentence;
    if (!button || button.dataset.named) {
      return;
    }
    button.dataset.named = button.textContent;
    name(button, sentence);
    setTimeout(() => {
      name(button, button.dataset.named);
      delete button.dataset.named;
      button.removeAttribute("aria-pressed");
      heard.textContent = "";
    }, SHOWN);
  }

  async function take(data) {
    const button = clicked;
    tell(button, (await copied(data.copy, button)) ? data.copied : data.failed);
  }

  globalThis.lotseCopy = () => (next) => (performed) => {
    const data = performed.cardAction?.value;
    return typeof data?.copy === "string" ? take(data) : next(performed);
  };

  document.body.append(heard);
})();
