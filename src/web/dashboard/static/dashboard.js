// Keeps `main` up to date. The server renders; this module hears of changes by server-sent events, gets the page again and
// changes only what differs, so that focus, scrolling and selection stay. Without events it asks every ten seconds.

const mainElement = document.querySelector('main');
const live = document.querySelector('#live');
const announcement = document.querySelector('#announcement');

/** The shortest time between two looks at the page, in milliseconds. */
const shortestMs = 1_000;
/** Ages and a lost connection are noticed this often, in milliseconds. */
const longestMs = 10_000;
/** A lost connection is tried again this often, in milliseconds. */
const retryMs = 3_000;
/** A screen reader is told at most this often, in milliseconds. */
const announceMs = 15_000;

let source;
let timer;
let dueAt = Number.POSITIVE_INFINITY;
let refreshing = false;
let refreshedAt = performance.now();
let announcedAt = performance.now();

/** Makes `current` like `wanted`, in place as far as their shapes agree. */
function morph(current, wanted) {
  if (current.isEqualNode(wanted)) return;
  if (current.nodeType !== wanted.nodeType || current.nodeName !== wanted.nodeName) {
    current.replaceWith(document.adoptNode(wanted));
    return;
  }
  if (current.nodeType !== Node.ELEMENT_NODE) {
    current.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...current.attributes]) {
    // What somebody has opened stays open.
    if (name === 'open') continue;
    if (!wanted.hasAttribute(name)) current.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  const [olds, news] = [[...current.childNodes], [...wanted.childNodes]];
  for (const [at, child] of news.entries()) {
    if (at < olds.length) morph(olds[at], child);
    else current.append(document.adoptNode(child));
  }
  for (const old of olds.slice(news.length)) old.remove();
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** Gives times of day in the zone of who looks. */
function setClocks(part) {
  for (const time of part.querySelectorAll('time.clock')) {
    time.textContent = clock.format(new Date(time.dateTime));
  }
}

function show(state, text) {
  live.dataset.state = state;
  live.textContent = text;
}

function announce(text) {
  const isEnd = /^(done|failed|cancelled)/.test(text);
  const now = performance.now();
  if (text === announcement.textContent || (!isEnd && now - announcedAt < announceMs)) return;
  announcedAt = now;
  announcement.textContent = text;
}

async function refresh() {
  refreshing = true;
  let next = longestMs;
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const wanted = new DOMParser().parseFromString(await answer.text(), 'text/html');
    setClocks(wanted);
    morph(mainElement, document.adoptNode(wanted.querySelector('main')));
    document.title = wanted.title;
    announce(mainElement.dataset.status);
    if (source.readyState === EventSource.OPEN) show('live', 'Live');
    else {
      // Events that have just been lost may be back soon; those that are refused are not.
      if (live.dataset.state !== 'polling') next = retryMs;
      show('polling', 'Every 10 s');
    }
  } catch {
    show('lost', 'No connection');
    next = retryMs;
  }
  refreshing = false;
  refreshedAt = performance.now();
  plan(next);
}

/** Looks again after `delayMs`, or sooner if that is planned already; never more often than once a second. */
function plan(delayMs) {
  dueAt = Math.min(dueAt, performance.now() + delayMs);
  clearTimeout(timer);
  // What comes while the page is got is looked at afterwards.
  if (refreshing) return;
  timer = setTimeout(look, Math.max(dueAt, refreshedAt + shortestMs) - performance.now());
}

function look() {
  dueAt = Number.POSITIVE_INFINITY;
  if (document.hidden) return;
  if (source.readyState !== EventSource.OPEN) listen();
  refresh();
}

function listen() {
  source?.close();
  source = new EventSource(mainElement.dataset.events);
  source.addEventListener('ready', () => {
    // What happened while there was no connection is not told again.
    if (live.dataset.state !== 'static') plan(0);
    show('live', 'Live');
  });
  source.addEventListener('run', () => plan(0));
  source.addEventListener('error', () => {
    if (live.dataset.state !== 'live') return;
    show('lost', 'Reconnecting');
    plan(0);
  });
}

// A page that nobody looks at holds no connection: browsers allow six to a host.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) source?.close();
  else {
    listen();
    plan(0);
  }
});
addEventListener('pagehide', () => source?.close());
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) listen();
});

setClocks(mainElement);
listen();
plan(longestMs);
