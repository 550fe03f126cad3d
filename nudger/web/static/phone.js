// The phone page, live: texts as they arrive, replies without a reload, clocks that run.
// Without this script the page works too: forms post, and a reload shows what is new.
"use strict";

const KEPT = 200; // items of one conversation
const STEP = 250; // ms between two looks at the clock
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const main = document.querySelector("main[data-events]");
const trouble = document.querySelector("[data-trouble]");
const phones = new Map(
  Array.from(document.querySelectorAll("[data-person]"), (phone) => [phone.dataset.person, phone]),
);

// --- what arrives ---------------------------------------------------------------------------
const stream = new EventSource(main.dataset.events);
stream.addEventListener("line", (event) => add(JSON.parse(event.data)));
stream.addEventListener("clock", (event) => setClocks(JSON.parse(event.data)));
stream.addEventListener("open", () => tell("stream", ""));
stream.addEventListener("error", () => {
  tell("stream", "nudger does not answer. New texts appear when it is back.");
  if (stream.readyState === EventSource.CLOSED) stop();
});

function add({ person, html }) {
  const list = phones.get(person)?.querySelector("ol");
  if (!list) return;
  const holder = document.createElement("template");
  holder.innerHTML = html.trim(); // escaped by the server; the page's policy lets no script in
  const bubble = holder.content.firstElementChild;
  if (document.getElementById(bubble.id)) return; // told twice after a lost connection
  bubble.classList.add("new");
  if (list.lastElementChild?.dataset.day !== bubble.dataset.day) list.append(divider(bubble.dataset.day));
  list.append(bubble);
  while (list.children.length > KEPT) list.firstElementChild.remove();
}

function divider(day) {
  const item = document.createElement("li");
  item.className = "day";
  item.textContent = day;
  return item;
}

// --- what is answered -----------------------------------------------------------------------
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, event.submitter);
  });
}

const underWay = new Map(); // what was sent last by each form, while it is on its way

async function send(form, button) {
  const typed = new URLSearchParams(new FormData(form));
  const reply = new URLSearchParams(typed);
  if (button?.name) reply.set(button.name, button.value);
  const before = underWay.get(form);
  if (before?.reply === reply.toString()) return; // tapped twice
  const done = Promise.resolve(before?.done).then(() => post(form, typed, reply)); // each in its turn
  const going = { reply: reply.toString(), done };
  underWay.set(form, going);
  await done;
  if (underWay.get(form) === going) underWay.delete(form);
}

async function post(form, typed, reply) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: reply });
    if (!answer.ok) throw new Error(await answer.text());
    // What was typed meanwhile stays.
    if (new URLSearchParams(new FormData(form)).toString() === typed.toString()) form.reset();
    tell("reply", "");
  } catch (fault) {
    const why = fault instanceof TypeError ? "nudger does not answer." : fault.message.trim();
    tell("reply", `That did not go out. ${why}`);
  }
}

const troubles = { reply: "", stream: "" }; // a stream that opens says nothing of a reply that was lost

function tell(about, words) {
  troubles[about] = words;
  const shown = troubles.reply || troubles.stream;
  if (trouble.textContent !== shown) trouble.textContent = shown;
}

// --- the clocks -----------------------------------------------------------------------------
let clock = { now: Number(main.dataset.now), speed: Number(main.dataset.speed), since: performance.now() };
let ticking = setInterval(showClocks, STEP);

function stop() {
  clearInterval(ticking);
}

function setClocks({ now, speed, pace, offsets }) {
  clock = { now, speed, since: performance.now() };
  setPace(speed, pace);
  for (const [person, offset] of Object.entries(offsets)) {
    const phone = phones.get(person);
    if (phone) phone.dataset.offset = offset;
  }
  showClocks();
}

function setPace(speed, pace) {
  const button = document.querySelector("[data-hold]");
  if (!button) return; // the machine's own clock
  button.value = speed ? "hold" : "go";
  show(button, speed ? "Pause" : "Go on");
  show(document.querySelector("[data-pace]"), pace);
}

function showClocks() {
  const now = clock.now + (performance.now() - clock.since) * clock.speed;
  for (const phone of phones.values()) {
    // The local time in the disguise of UTC: the server's zone data counts, not the browser's.
    const local = new Date(now + Number(phone.dataset.offset) * 60000);
    show(phone.querySelector("[data-clock]"), face(local, phone.dataset.hours));
    show(phone.querySelector("[data-date]"), day(local));
  }
}

function day(local) {
  return `${DAYS[local.getUTCDay()]} ${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]}`;
}

function face(local, hours) {
  const minutes = String(local.getUTCMinutes()).padStart(2, "0");
  const hour = local.getUTCHours();
  if (hours === "24") return `${String(hour).padStart(2, "0")}:${minutes}`;
  return `${hour % 12 || 12}:${minutes} ${hour < 12 ? "am" : "pm"}`;
}

function show(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
