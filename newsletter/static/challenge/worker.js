// Tries every `step`th counter from `first` on, until the PBKDF2 key of nonce and counter begins as the challenge says
// (ALTCHA, version 2). Answers { counter, derivedKey, time } or { problem }.
const octets = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (data) => Array.from(data, (octet) => octet.toString(16).padStart(2, "0")).join("");

async function derived(parameters, counter) {
  const nonce = octets(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: octets(parameters.salt), iterations: parameters.cost };
  return hex(new Uint8Array(await crypto.subtle.deriveBits(how, key, parameters.keyLength * 8)));
}

async function solve({ parameters, first, step }) {
  const began = performance.now();
  for (let counter = first; counter < 2 ** 32; counter += step) {
    const derivedKey = await derived(parameters, counter);
    if (derivedKey.startsWith(parameters.keyPrefix)) {
      return { counter, derivedKey, time: Math.round(performance.now() - began) };
    }
  }
  throw new Error("no counter solves the challenge");
}

onmessage = ({ data }) => {
  solve(data).then(postMessage, (problem) => postMessage({ problem: String(problem) }));
};
