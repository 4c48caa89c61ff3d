// Full-text search over search-index.js, from a server or from disk: nothing is fetched, the
// index is a script. `lotseSearch` is the logic alone; below it, the field and its results.
"use strict";

const lotseSearch = (() => {
  // How much a match counts, by where it stands and by how close it is.
  const PLACES = { t: 9, m: 6, s: 3, w: 1.5 };
  const KINDS = { faults: 1.5, explanations: 1.3, pages: 1.1, codes: 0.8 };
  const EXACT = 1;
  const BEGINS = 0.75;
  const STEM = 0.55;
  const INSIDE = 0.4;
  // "office" at the end of "homeoffice": a compound's last part says least.
  const HEAD = 0.15;
  const TYPO = 0.35;
  const CODE = 1000;
  const PHRASE = 40;
  // A question for the term of an explanation and nothing else ("What is KMS?"): all its other
  // words stand in more than this share of the entries.
  const TERM = 60;
  const COMMON = 0.02;
  // The share of a question's weight that a result has to answer, and of the best one's score.
  const ENOUGH = 0.6;
  const NEAR_BEST = 0.2;
  // A shorter word is not the beginning of another one, unless it is still being typed.
  const SHORT = 3;

  // The same word however it is typed: schlüssel, schluessel and schlussel are one.
  function fold(text) {
    return text
      .toLowerCase()
      .replace(/ß/g, "ss")
      .normalize("NFD")
      .replace(/[\u0300-\u036f]/g, "")
      .replace(/([aou])e/g, "$1");
  }

  function words(text) {
    return fold(text).match(/[\p{L}\p{N}]+/gu) || [];
  }

  // --- codes ------------------------------------------------------------------------------

  function hex(digits) {
    return `0x${digits.toUpperCase().replace(/O/g, "0")}`;
  }

  // Every code that a question may mean: 0xC004F074, c004 f074, -1073418124, AADSTS50020, 50020.
  function codesIn(text) {
    const found = [];
    for (const [, digits] of text.matchAll(/\b[0o]x\s?([0-9a-fo]{4}\s?[0-9a-fo]{4})(?![0-9a-z])/gi)) {
      found.push(hex(digits.replace(/\s/, "")));
    }
    for (const [digits] of text.matchAll(/(?<![0-9a-z])[0-9a-fo]{4}\s?[0-9a-fo]{4}(?![0-9a-z])/gi)) {
      found.push(hex(digits.replace(/\s/, "")));
    }
    for (const [number] of text.matchAll(/(?<![0-9a-z])(?:-\d{9,10}|[23]\d{9}|4[012]\d{8})(?![0-9a-z])/gi)) {
      found.push(hex((Number(number) >>> 0).toString(16).padStart(8, "0")));
    }
    for (const [, number] of text.matchAll(/(?<![0-9a-z])(?:aadsts\s?)?(\d{5,7})(?![0-9a-z])/gi)) {
      found.push(`AADSTS${number}`);
    }
    return [...new Set(found)];
  }

  function familyOf(code, families) {
    const fitting = families.filter(([beginning]) => code.startsWith(beginning));
    fitting.sort((one, other) => other[0].length - one[0].length);
    return fitting.length ? fitting[0][1] : null;
  }

  // --- words ------------------------------------------------------------------------------

  function prepare(index) {
    const posts = new Map();
    index.entries.forEach((entry, at) => {
      for (const place of Object.keys(PLACES)) {
        const text = Array.isArray(entry[place]) ? entry[place].join(" ") : entry[place] || "";
        for (const word of new Set(words(text))) {
          const found = posts.get(word) || posts.set(word, new Map()).get(word);
          found.set(at, Math.max(found.get(at) || 0, PLACES[place]));
        }
      }
    });
    const said = index.entries.map((entry) => (entry.m || []).map((text) => words(text).join(" ")));
    const codes = new Map();
    index.entries.forEach((entry, at) => {
      for (const code of entry.c || []) {
        codes.set(code, [...(codes.get(code) || []), at]);
      }
    });
    // An explanation is named by its term: explanations.html#kms.
    const terms = index.entries.map((entry) => (entry.k === "explanations" ? words(entry.u.split("#")[1]) : []));
    return { ...index, posts, said, codes, terms };
  }

  // One wrong, missing or additional letter.
  function nearly(one, other) {
    if (Math.abs(one.length - other.length) > 1) {
      return false;
    }
    let at = 0;
    while (at < one.length && one[at] === other[at]) {
      at += 1;
    }
    const rest = [one.slice(at), other.slice(at)];
    return (
      rest[0].slice(1) === rest[1].slice(1) || rest[0] === rest[1].slice(1) || rest[0].slice(1) === rest[1]
    );
  }

  function alike(asked, word) {
    let shared = 0;
    while (shared < asked.length && shared < word.length && asked[shared] === word[shared]) {
      shared += 1;
    }
    return shared >= 5 && shared >= 0.7 * Math.max(asked.length, word.length);
  }

  function closeness(asked, word, typing) {
    if (asked === word) {
      return EXACT;
    }
    if (word.startsWith(asked) && (typing || asked.length > SHORT)) {
      return BEGINS;
    }
    if (alike(asked, word)) {
      return STEM;
    }
    if ((asked.length >= 4 && word.includes(asked)) || (word.length >= 5 && asked.startsWith(word))) {
      return INSIDE;
    }
    if (word.length >= 5 && asked.includes(word)) {
      return HEAD;
    }
    return asked.length >= 5 && nearly(asked, word) ? TYPO : 0;
  }

  // Where a word is found: how close the best match is, and what it is worth.
  function matches(asked, index, typing) {
    const found = new Map();
    let weight = 0;
    for (const [word, where] of index.posts) {
      const close = closeness(asked, word, typing);
      if (!close) {
        continue;
      }
      const rare = Math.log(1 + index.entries.length / where.size);
      weight = Math.max(weight, rare * close);
      for (const [at, place] of where) {
        const best = found.get(at) || { close: 0, score: 0 };
        const score = place * close * rare;
        found.set(at, { close: Math.max(best.close, close), score: Math.max(best.score, score) });
      }
    }
    return { found, weight };
  }

  function byWords(question, index) {
    const asked = [...new Set(words(question))].filter((word) => word.length > 1 || /\d/.test(word));
    const parts = asked.map((word, at) => matches(word, index, at === asked.length - 1));
    const all = parts.reduce((sum, part) => sum + part.weight, 0);
    const scores = new Map();
    const answered = new Map();
    for (const { found, weight } of parts) {
      for (const [at, { close, score }] of found) {
        scores.set(at, (scores.get(at) || 0) + score);
        // Something that is merely alike answers less, unless the question is one word.
        const share = asked.length > 1 ? Math.min(1, close + 0.25) : 1;
        answered.set(at, (answered.get(at) || 0) + weight * share);
      }
    }
    const least = NEAR_BEST * Math.max(...scores.values());
    for (const [at, score] of scores) {
      if (answered.get(at) < ENOUGH * all || score < least) {
        scores.delete(at);
      }
    }
    return scores;
  }

  // The results for a question, the best first; `family` when a code is in none of them.
  function search(question, index) {
    const codes = codesIn(question);
    const known = codes.filter((code) => index.codes.has(code));
    const scores = byWords(question, index);
    const phrase = words(question).join(" ");
    index.said.forEach((texts, at) => {
      if (phrase.length >= 8 && texts.some((text) => text.includes(phrase) || phrase.includes(text))) {
        scores.set(at, (scores.get(at) || 0) + PHRASE);
      }
    });
    const asked = words(question);
    const common = (word) => (index.posts.get(word)?.size || 0) > COMMON * index.entries.length;
    index.terms.forEach((term, at) => {
      const whole = term.length && term.every((word) => asked.includes(word));
      if (whole && asked.every((word) => term.includes(word) || common(word))) {
        scores.set(at, (scores.get(at) || 0) + TERM);
      }
    });
    for (const code of known) {
      for (const at of index.codes.get(code)) {
        scores.set(at, (scores.get(at) || 0) + CODE);
      }
    }
    if (!known.length) {
      byBeginning(question, index, scores);
    }
    const ranked = [...scores].map(([at, score]) => {
      const entry = index.entries[at];
      return { entry, score: score * (KINDS[entry.k] || 1) };
    });
    ranked.sort((one, other) => other.score - one.score);
    return { results: ranked.map((one) => one.entry), ...stranger(codes, known, question, index) };
  }

  // A code half typed: c004f finds all that begin with it.
  function byBeginning(question, index, scores) {
    const typed = question.trim().replace(/\s/g, "").replace(/^[0o]x/i, "");
    if (!/^[0-9a-f]{3,8}$/i.test(typed) || !/\d/.test(typed)) {
      return;
    }
    const beginning = hex(typed);
    for (const [code, where] of index.codes) {
      if (code.startsWith(beginning) || code.startsWith(`AADSTS${typed}`)) {
        for (const at of where) {
          scores.set(at, (scores.get(at) || 0) + PHRASE);
        }
      }
    }
  }

  // A whole code that nobody knows still has a family.
  function stranger(codes, known, question, index) {
    const whole = known.length ? undefined : codes.find((code) => familyOf(code, index.families));
    if (!whole || (whole.startsWith("AADSTS") && !/aadsts|^\s*\d+\s*$/i.test(question))) {
      return {};
    }
    const address = `families/${familyOf(whole, index.families)}.html`;
    return { code: whole, family: index.entries.find((entry) => entry.u === address) };
  }

  return { fold, words, codesIn, prepare, search };
})();

// --- the field ------------------------------------------------------------------------------

(() => {
  const form = typeof document === "undefined" ? null : document.querySelector("form.search");
  if (!form) {
    return;
  }
  const SHOWN = 30;
  const PAUSE = 90;
  const field = form.querySelector("input");
  const box = form.querySelector(".found");
  const count = form.querySelector(".count");
  const list = form.querySelector("ol");
  const said = form.dataset;
  let index = null;
  let timer = 0;

  form.hidden = false;

  // The index is loaded when somebody is about to search, not before.
  const loaded = (() => {
    let promise = null;
    return () => {
      promise ||= new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = said.index;
        script.onload = () => resolve(lotseSearch.prepare(window.lotseIndex));
        script.onerror = reject;
        document.head.append(script);
      });
      return promise;
    };
  })();

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) {
      made.className = className;
    }
    return made;
  }

  // The text with the asked words marked.
  function marked(name, text, asked, className) {
    const made = element(name, "", className);
    for (const part of text.split(/([\p{L}\p{N}]+)/u)) {
      const folded = lotseSearch.fold(part);
      const hit = asked.some((word) => folded.startsWith(word) || (word.length > 3 && folded.includes(word)));
      made.append(hit ? element("mark", part) : part);
    }
    return made;
  }

  // The code or message that was asked for, else the sentence below the title.
  function below(entry, asked) {
    const code = entry.k === "faults" && lotseSearch.codesIn(field.value).find((one) => (entry.c || []).includes(one));
    if (code) {
      return `${code} · ${entry.s}`;
    }
    const fits = (text) => asked.every((word) => lotseSearch.fold(text).includes(word));
    return (entry.m || []).find(fits) || entry.s || "";
  }

  function line(entry, asked) {
    const item = document.createElement("li");
    const link = element("a", "");
    const more = below(entry, asked);
    const quoted = (entry.m || []).includes(more);
    link.href = said.up + entry.u;
    link.append(
      element("span", index.words[entry.k], `kind kind-${entry.k}`),
      marked("strong", entry.t, asked),
      marked(quoted ? "q" : "span", more, asked, "below"),
    );
    item.append(link);
    return item;
  }

  function number({ results, code, family }) {
    if (code && family) {
      return said.family.replace("{code}", code);
    }
    if (results.length > SHOWN) {
      return said.first.replace("{count}", results.length).replace("{shown}", SHOWN);
    }
    return [said.none, said.one][results.length] || said.many.replace("{count}", results.length);
  }

  async function show() {
    const question = field.value.trim();
    if (!question) {
      close();
      return;
    }
    try {
      index = await loaded();
    } catch {
      count.textContent = said.failed;
      box.hidden = false;
      return;
    }
    const found = lotseSearch.search(question, index);
    const lines = found.family ? [found.family, ...found.results.filter((one) => one !== found.family)] : found.results;
    const asked = lotseSearch.words(question);
    // Somebody may be among the results already when later ones come.
    const within = list.contains(document.activeElement);
    list.replaceChildren(...lines.slice(0, SHOWN).map((entry) => line(entry, asked)));
    if (within) {
      (list.querySelector("a") || field).focus();
    }
    box.hidden = false;
    count.textContent = number(found);
  }

  function close() {
    box.hidden = true;
    list.replaceChildren();
    count.textContent = "";
  }

  function move(step) {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement) + step;
    (at < 0 ? field : links[Math.min(at, links.length - 1)] || field).focus();
  }

  field.addEventListener("focus", () => loaded().catch(() => {}), { once: true });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    await show();
    list.querySelector("a")?.click();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      close();
      field.value = "";
      field.focus();
    }
  });
  // A link to a place on this page closes the results too.
  list.addEventListener("click", () => setTimeout(close, 0));
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) {
      box.hidden = true;
    }
  });
  field.addEventListener("click", () => {
    box.hidden = !list.children.length;
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|textarea|select)$/i.test(document.activeElement?.tagName || "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });

  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    field.value = asked;
    show();
  }
})();
