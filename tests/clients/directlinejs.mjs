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

const EXPIRED = 3;
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
const line = new DirectLine({
  domain,
  token,
  webSocket: way === "stream",
  pollingInterval: 200,
  timeout: 2000,
  conversationStartProperties: { locale: "de-DE" },
  random: () => 0, // the shortest of the pauses before it connects again
});

// An expired token: as the library's documentation has it, the page fetches a new one.
line.connectionStatus$.subscribe(async (status) => {
  if (status === EXPIRED) {
    const renewed = await ask("/tokens/resume", JSON.stringify({ key }));
    line.reconnect({ token: renewed.token, streamUrl: `${streamOf(renewed)}` });
    out({ renewed: true });
  }
});

function streamOf({ token }) {
  const address = new URL(`${domain}/conversations/${conversationId}/stream`);
  address.protocol = "ws:";
  address.searchParams.set("t", token);
  address.searchParams.set("watermark", line.watermark || "0");
  return address;
}

const answered = new Set();
const failed = (error) => {
  out({ error: String(error) });
  process.exit(1);
};
line.activity$.subscribe((activity) => {
  if (activity.type === "message") {
    out({ id: activity.id, text: activity.text, from: activity.from.role, reply: activity.replyToId });
    answered.add(activity.replyToId);
  }
}, failed);

// One message after the other; one that was cut off is sent again under the same name.
for (let n = 0; !existsSync(stop); n += 1) {
  const text = `Nachricht ${n}`;
  const channelData = { clientActivityID: `${conversationId}-${n}` };
  let id = "retry";
  while (id === "retry") {
    const activity = { type: "message", text, channelData: { ...channelData }, from: { id: "me" } };
    id = await new Promise((done) => {
      line.postActivity(activity).subscribe(done, () => done("retry"));
    });
    await sleep(id === "retry" ? 200 : 0);
  }
  while (!answered.has(id)) {
    await sleep(50);
  }
}
await sleep(500); // what comes twice would come now
const last = await ask("/tokens/resume", JSON.stringify({ key }));
out({ done: true, conversation: conversationId, token: last.token });
process.exit(0);
