// What makes a page handier and is missed by nobody without JavaScript: copying a command.
"use strict";

(() => {
  const SHOWN = 2000;

  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    // Without a secure connection there is only the old way.
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "aside";
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }

  for (const button of document.querySelectorAll(".command .copy")) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await copy(button.parentElement.querySelector("code").textContent);
      button.textContent = button.dataset.done;
      setTimeout(() => {
        button.textContent = label;
      }, SHOWN);
    });
  }
})();
