const state = byId("state");
let source = null;
let timer = 0;

function fill(id, html) {
  const place = byId(id);
  const open = [...place.querySelectorAll("details")].map((each) => each.open);
  place.innerHTML = html;
  place.classList.remove("stale");
  [...place.querySelectorAll("details")].forEach((each, at) => { each.open = open[at] || false; });
}

function tell(text, over) {
  state.textContent = text;
  state.classList.toggle("over", over);
}

async function commands(at) {
  const found = await (await fetch(`/command?at=${at}`)).json();
  if (at !== places()) return;
  byId("part").textContent = found.part;
  byId("whole").textContent = found.whole;
  byId("set").textContent = found.set || "(as the file has them)";
  byId("cut").textContent = found.cut;
  byId("uncut").hidden = !found.cut;
}

function ask() {
  const at = places();
  history.replaceState(null, "", `#at=${at}`);
  byId("save").href = `/scenario.toml?at=${at}`;
  commands(at).catch(() => {});
  source = new EventSource(`/answer?at=${at}`);
  const on = (name, then) => source.addEventListener(name, (event) => then(JSON.parse(event.data)));
  on("part", (told) => {
    fill(told.id, told.html);
    if (told.id === "pictures") fill("idle", "");
  });
  on("command", (told) => { byId("part").textContent = told.text; });
  on("state", (told) => {
    byId("progress").value = told.runs;
    const after = told.runs ? `, ${told.runs} of at most ${told.most} runs` : "";
    tell(`${told.text[0].toUpperCase()}${told.text.slice(1)}${after}`, Boolean(told.over));
  });
  source.addEventListener("end", () => source.close());
  source.onerror = () => {
    source.close();
    tell("No answer comes any more: is regsim explore still running?", true);
  };
}

moved = () => {
  if (source) source.close();
  for (const id of ["idle", "answer", "pictures"]) byId(id).classList.add("stale");
  clearTimeout(timer);
  timer = setTimeout(ask, 30);
};

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    const from = byId(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(from.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(from);
      button.textContent = "Selected: copy it";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
ask();
