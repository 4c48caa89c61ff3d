// One person who talks through botframework-directlinejs, unmodified, as its makers made it.
//
//   node directlinejs.mjs HOME DOMAIN STOP polling|stream
//
// Writes a message, waits for its answer, and goes on until there is a file STOP. Prints one JSON
// line per message that arrives. HOME is the folder whose node_modules holds the packages.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const [home, domain, stop, way] = process.argv.slice(2);
const require = createRequire(`${home}/`);
globalThis.self = globalThis;
globalThis.XMLHttpRequest = require("xhr2");
globalThis.WebSocket = require("ws");
const { DirectLine } = require("botframework-directlinejs/dist/directline.js");

// Expired, and failed to connect: a connection of this object comes no more.
const OVER = [3, 4];
const out = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// What the page around the library does: asks until there is an answer.
async function ask(path, body) {
  for (;;) {
    try {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(`${domain}${path}`, { method: "POST", headers, body });
      if (answer.ok) {
        return await answer.json();
      }
    } catch {
      // Cut off: again.
    }
    await sleep(100);
  }
}

const { conversationId, token, key } = await ask("/tokens/generate");
const answered = new Set();
let line;

function connect(known) {
  line = new DirectLine({
    domain,
    webSocket: way === "stream",
    pollingInterval: 200,
    timeout: 2000,
    conversationStartProperties: { locale: "de-DE" },
    random: () => 0, // the shortest of the pauses before it connects again
    ...known,
  });
  const own = line;
  own.connectionStatus$.subscribe((status) => {
    if (OVER.includes(status) && own === line) {
      takeUp();
    }
  });
  own.activity$.subscribe(
    (activity) => own === line && heard(activity),
    (error) => own === line && out({ error: String(error) }),
  );
}

// When its token has expired, the page takes the conversation up in a new DirectLine, by its
// watermark. The library's own reconnect() opens a second stream beside one that still lives, and
// where it polls, a request that is cut off ends it without a word.
async function takeUp() {
  const old = line;
  line = null;
  old.end();
  const { token } = await ask("/tokens/resume", JSON.stringify({ key }));
  connect({ token, conversationId, watermark: old.watermark });
  out({ renewed: true });
}

function heard(activity) {
  if (activity.type === "message") {
    out({ id: activity.id, text: activity.text, from: activity.from.role, reply: activity.replyToId });
    answered.add(activity.replyToId);
  }
}

// Returns the id of an activity, or "retry" when it is not known whether it has arrived.
function posted(activity) {
  return new Promise((done) => {
    const again = () => done("retry");
    line ? line.postActivity(activity).subscribe(done, again, again) : again();
  });
}

connect({ token });

// One message after the other; one that was cut off is sent again under the same name.
for (let n = 0; !existsSync(stop); n += 1) {
  const text = `Nachricht ${n}`;
  const channelData = { clientActivityID: `${conversationId}-${n}` };
  let id = "retry";
  while (id === "retry") {
    const activity = { type: "message", text, channelData: { ...channelData }, from: { id: "me" } };
    id = await posted(activity);
    await sleep(id === "retry" ? 200 : 0);
  }
  for (let waited = 0; !answered.has(id); waited += 50) {
    await sleep(50);
    if (line && way === "polling" && waited >= 2000) {
      waited = 0;
      await takeUp();
    }
  }
}
await sleep(500); // what comes twice would come now
const last = await ask("/tokens/resume", JSON.stringify({ key }));
out({ done: true, conversation: conversationId, token: last.token });
process.exit(0);
