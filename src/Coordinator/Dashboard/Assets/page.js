// Shows a run as the coordinator tells it: everything at first, then what is new. All text from outside enters as text.
"use strict";

const $ = id => document.getElementById(id);
const number = new Intl.NumberFormat("en");
// Small networks have hundreds of epochs a second: the table shows the newest, the curves points of all.
const rowsAtMost = 200;

const held = { run: null, epochs: [], newest: null, running: [], progress: null, verdict: null };
let charts = null;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function fixed(value, digits) {
  const figure = Number(value);
  return value === null || value === undefined ? "–" : Number.isFinite(figure) ? figure.toFixed(digits) : String(value);
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min ${s} s` : `${s} s`;
}

const percent = share => `${(100 * share).toFixed(2)} %`;
const words = name => name.replaceAll("_", " ");

function take(state) {
  if (state.is_whole) {
    held.epochs = [];
    held.newest = null;
    held.running = [];
    $("epochs").replaceChildren();
    $("notices").replaceChildren();
    if (state.run) { held.run = state.run; showFacts(state.run); }
  }
  held.epochs.push(...state.epochs);
  held.running.push(...state.running);
  for (const epoch of state.latest_epochs) addEpoch(epoch);
  held.newest = state.latest_epochs.at(-1) ?? held.newest;
  for (const line of state.notices) addNotice(line);
  if (state.progress) { held.progress = state.progress; showProgress(state.progress); }
  if (state.verdict) { held.verdict = state.verdict; showVerdict(state.verdict); }
  if (state.is_whole || state.latest_epochs.length > 0 || state.running.length > 0) drawCharts();
}

function showFacts(run) {
  $("headline").textContent = `${run.dataset}, ${run.layers}, ${number.format(run.epochs)} epochs`;
  document.title = `${run.dataset} ${run.layers} – Backprop`;
  $("workers-card").hidden = run.in_process;
  const facts = [
    ["data set", `${run.dataset}: ${number.format(run.training_examples)} to train, ${number.format(run.test_examples)} to test`],
    ["network", run.layers], ["activations", run.activations], ["cost", run.cost],
    ["optimizer", `${run.optimizer}, learning rate ${run.learning_rate}`],
    ["mini-batch", `${run.mini_batch} examples in ${run.shards} shards`],
    ["steps", `${number.format(run.steps)}: ${number.format(run.epochs)} epochs of ${number.format(run.steps_per_epoch)}`],
    ["seed", String(run.seed)],
    ["workers join at", run.listen_address ?? "nowhere: trained in one process"],
    ["writes to", run.run_directory],
  ];
  $("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

function showProgress(progress) {
  const run = held.run;
  if (!held.verdict) badge(progress.phase);
  $("epoch").textContent = run ? `${number.format(Math.min(progress.epoch + 1, run.epochs))} of ${number.format(run.epochs)}` : progress.epoch;
  $("step").textContent = number.format(progress.step);
  $("rate").textContent = number.format(Math.round(progress.examples_per_second));
  $("loss").textContent = fixed(progress.running_loss, 4);
  $("left").textContent = held.verdict ? "–" : duration(progress.remaining);
  if (run) $("progress").value = progress.step / Math.max(1, run.steps);
  const wanted = Math.max(progress.wanted_workers, 1);
  $("ready").textContent = progress.phase === "waiting_for_workers"
    ? `waiting for workers ${progress.ready_workers}/${wanted}` : `${progress.ready_workers} ready`;
  const all = progress.workers.reduce((sum, worker) => sum + worker.examples, 0);
  $("workers").replaceChildren(...progress.workers.map(worker => {
    const doing = progress.phase === "ended" && worker.activity !== "lost" ? "idle" : worker.activity;
    const row = element("tr", undefined, doing);
    const name = element("td", worker.name, "name");
    name.title = worker.is_local ? `${worker.name}, started by the coordinator` : worker.name;
    row.append(
      name, element("td", words(doing), `doing ${doing}`), element("td", doing === "computing" ? worker.nodes : ""),
      element("td", number.format(worker.examples), "number"),
      element("td", all > 0 ? `${Math.round(100 * worker.examples / all)} %` : "", "number"),
      element("td", worker.node_time === null ? "–" : `${(1000 * worker.node_time).toFixed(2)} ms`, "number"),
      element("td", worker.threads, "number"));
    return row;
  }));
}

function addEpoch(epoch) {
  const row = element("tr");
  const share = epoch.test_correct / Math.max(1, epoch.test_count);
  for (const text of [epoch.epoch, fixed(epoch.training_loss, 4), fixed(epoch.test_loss, 4),
    `${number.format(epoch.test_correct)} / ${number.format(epoch.test_count)}`, percent(share),
    number.format(Math.round(epoch.examples_per_second))])
    row.append(element("td", text, "number"));
  $("epochs").prepend(row);
  if ($("epochs").childElementCount > rowsAtMost) $("epochs").lastElementChild.remove();
  $("accuracy").textContent = percent(share);
}

function addNotice(line) {
  $("no-notices").hidden = true;
  $("notices").prepend(element("li", line));
}

function showVerdict(verdict) {
  badge(verdict.status);
  $("left").textContent = "–";
  const card = $("verdict");
  card.hidden = false;
  card.className = `card wide ${verdict.status}`;
  const accuracy = verdict.test_accuracy === null ? "" : `: test accuracy ${percent(verdict.test_accuracy)}`;
  card.replaceChildren(element("h2", verdict.status + accuracy));
  if (verdict.error) card.append(element("p", verdict.error));
  card.append(element("p", `${number.format(verdict.steps)} steps in ${fixed(verdict.training_seconds, 1)} s of training, `
    + `${number.format(Math.round(verdict.examples_per_second))} examples/s`));
  const hash = element("p", "weights_sha256 ");
  hash.append(element("code", verdict.weights_sha256));
  card.append(hash);
  for (const path of verdict.written) {
    const line = element("p", "wrote ");
    line.append(element("code", path));
    card.append(line);
  }
}

function badge(state) {
  $("phase").textContent = words(state);
  $("phase").className = `badge ${state}`;
}

// x counts epochs: an epoch's figures stand at its end, the running loss where its step lies within.
function drawCharts() {
  if (!held.run) return;
  const perEpoch = held.run.steps_per_epoch;
  const finite = value => Number.isFinite(Number(value)) ? Number(value) : null;
  const newest = held.newest && held.newest.epoch !== held.epochs.at(-1)?.epoch ? [held.newest] : [];
  const epochs = [...held.epochs, ...newest];
  const ends = epochs.map(epoch => epoch.epoch + 1);
  const running = [held.running.map(point => point.step / perEpoch), held.running.map(point => finite(point.loss))];
  const losses = [ends, epochs.map(e => finite(e.training_loss)), epochs.map(e => finite(e.test_loss))];
  const cost = held.running.length ? uPlot.join([losses, running]) : [...losses, ends.map(() => null)];
  const correct = [ends, epochs.map(e => 100 * e.test_correct / Math.max(1, e.test_count))];
  charts ??= { cost: chart("cost", ["training", "test", "epoch so far"], 4), correct: chart("correct", ["correct, %"], 2) };
  charts.cost.setData(cost);
  charts.correct.setData(correct);
  $("cost").dataset.epochs = $("correct").dataset.epochs = String(ends.at(-1) ?? 0);
}

function chart(id, names, digits) {
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colors = id === "correct" ? ["--green"] : ["--blue", "--orange", "--faint"];
  const axis = { stroke: () => color("--soft"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { stroke: () => color("--line") } };
  return new uPlot({
    width: $(id).clientWidth, height: 230,
    scales: { x: { time: false } },
    axes: [{ ...axis, incrs: [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9].flatMap(power => [power, 2 * power, 5 * power]), size: 34 }, { ...axis, size: 58 }],
    series: [{ label: "epochs" }, ...names.map((label, i) => ({
      label, stroke: () => color(colors[i]), width: i === 2 ? 1 : 2, spanGaps: i < 2,
      points: { show: i < 2 && held.epochs.length < 60, size: 6 },
      value: (_, value) => value === null || value === undefined ? "–" : value.toFixed(digits),
    }))],
  }, [[], ...names.map(() => [])], $(id));
}

addEventListener("resize", () => {
  for (const [id, drawn] of Object.entries(charts ?? {})) drawn.setSize({ width: $(id).clientWidth, height: 230 });
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const drawn of Object.values(charts ?? {})) drawn.redraw();
});

const events = new EventSource("/events");
events.addEventListener("state", event => {
  take(JSON.parse(event.data));
  if (held.verdict) events.close();
});
events.onerror = () => {
  if (held.verdict) return;
  $("phase").textContent = "connection lost";
  $("phase").className = "badge lost";
};
