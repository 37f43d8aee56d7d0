// Perfetto's trace processor, as its web page has it: node trace_processor.mjs FOLDER < requests > answers
//
// FOLDER has `engine_bundle.js` and `trace_processor.wasm`. That script is written for a worker of a browser, so what
// it asks of one is here, and no `process`, by which it would take this for something else. Requests and answers are
// messages `perfetto.protos.TraceProcessorRpcStream`.
import { readFileSync, writeSync } from "node:fs";

const [folder, { exit }] = [process.argv[2], process];
const asked = new Uint8Array(readFileSync(0));

class XMLHttpRequest {
  open(method, name) {
    this.file = `${folder}/${name.split("/").pop()}`;
  }
  send() {
    this.response = new Uint8Array(readFileSync(this.file)).buffer;
  }
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

Object.assign(globalThis, { self: globalThis, WorkerGlobalScope: Object, location: { href: "file:///" }, XMLHttpRequest });
globalThis.process = undefined;
console.log = console.warn = console.error;
try {
  (0, eval)(readFileSync(`${folder}/engine_bundle.js`, "utf8"));
  const port = { postMessage: write };
  self.onmessage({ data: port });
  // It is ready when what it has promised itself is kept, which is before any timer.
  setTimeout(() => {
    port.onmessage({ data: asked });
    exit(0);
  });
} catch (error) {
  writeSync(2, `${error.stack}\n`.slice(-2000));
  exit(1);
}
