// Solves a challenge of the page's newsletter with several workers, and sends the form with the solution. If the
// browser can't, the page shows the button that sends the form without one.
const form = document.querySelector("form[data-challenge]");
const working = document.getElementById("working");
const alone = document.getElementById("alone");
const WORKERS = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 1));

function solved(parameters) {
  return new Promise((resolve, reject) => {
    const workers = Array.from({ length: WORKERS }, (_, first) => {
      const worker = new Worker(new URL("worker.js", import.meta.url));
      worker.onmessage = ({ data }) => {
        for (const each of workers) each.terminate();
        if (data.problem) reject(new Error(data.problem));
        else resolve(data);
      };
      worker.onerror = (event) => reject(new Error(event.message || "the worker could not start"));
      worker.postMessage({ parameters, first, step: WORKERS });
      return worker;
    });
  });
}

async function send() {
  const response = await fetch(form.dataset.challenge, { cache: "no-store" });
  if (!response.ok) throw new Error(`the challenge could not be fetched: ${response.status}`);
  const challenge = await response.json();
  const solution = await solved(challenge.parameters);
  form.elements.altcha.value = btoa(JSON.stringify({ challenge, solution }));
  form.submit();
}

alone.hidden = true;
working.hidden = false;
send().catch((problem) => {
  console.error(problem);
  working.hidden = true;
  alone.hidden = false;
});
