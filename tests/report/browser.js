// Opens report pages in a headless Chromium and checks what only a browser can tell: that scripts run without a
// message on the console, nothing is fetched, every chart has drawn, tables sort, nothing is wider than a phone,
// and texts can be read in light and dark.
//
//   node browser.js PAGE.html... [--pictures FOLDER]
//
// It talks to Chromium by its own protocol (https://chromedevtools.github.io/devtools-protocol/), over the one
// WebSocket that Chromium opens. CHROMIUM names the program, if it is not `chromium`.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import WebSocket from "ws";

const argv = process.argv.slice(2);
const at = argv.indexOf("--pictures");
const pictures = at >= 0 ? argv.splice(at, 2)[1] : null;
if (argv.length === 0) throw new Error("no page given");

const WIDE = { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false };
const PHONE = { width: 360, height: 740, deviceScaleFactor: 1, mobile: true };
// WCAG 2.2, success criterion 1.4.3, for text of ordinary size.
const LEAST_CONTRAST = 4.5;

class Browser {
  static async start() {
    const profile = mkdtempSync(join(tmpdir(), "report-test-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
    const child = spawn(process.env.CHROMIUM || "chromium", flags, { stdio: ["ignore", "ignore", "pipe"] });
    const address = await new Promise((found, failed) => {
      let text = "";
      child.on("error", failed);
      child.on("exit", (code) => failed(new Error(`Chromium ended with ${code}:\n${text}`)));
      child.stderr.on("data", (chunk) => {
        text += chunk;
        const match = text.match(/DevTools listening on (ws:\S+)/);
        if (match) found(match[1]);
      });
    });
    const socket = new WebSocket(address, { maxPayload: 1 << 28 });
    await new Promise((open, failed) => socket.once("open", open).once("error", failed));
    return new Browser(child, profile, socket);
  }

  constructor(child, profile, socket) {
    Object.assign(this, { child, profile, socket, next: 1, calls: new Map(), listeners: [] });
    socket.on("message", (bytes) => {
      const message = JSON.parse(bytes);
      const call = this.calls.get(message.id);
      if (!call) return this.listeners.forEach((tell) => tell(message));
      this.calls.delete(message.id);
      message.error ? call.failed(new Error(`${call.method}: ${message.error.message}`)) : call.done(message.result);
    });
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.next++;
    this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    return new Promise((done, failed) => this.calls.set(id, { done, failed, method }));
  }

  async close() {
    const gone = new Promise((done) => this.child.once("exit", done));
    await this.send("Browser.close").catch(() => {});
    await gone;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

// One page: what it said on the console and what it asked the network for.
class Page {
  static async open(browser, url) {
    const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(browser, sessionId, url);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.send(`${domain}.enable`);
    await page.size(WIDE);
    await page.dark(false);
    const loaded = page.once("Page.loadEventFired");
    await page.send("Page.navigate", { url });
    await loaded;
    await page.settle();
    return page;
  }

  constructor(browser, session, url) {
    Object.assign(this, { browser, session, url, said: [], asked: [] });
    browser.listeners.push(({ method, params, sessionId }) => {
      if (sessionId !== session) return;
      if (method === "Runtime.consoleAPICalled") this.said.push(`${params.type}: ${params.args.map((a) => a.value ?? a.description).join(" ")}`);
      if (method === "Runtime.exceptionThrown") this.said.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
      if (method === "Log.entryAdded") this.said.push(`${params.entry.level}: ${params.entry.text}`);
      if (method === "Network.requestWillBeSent" && !/^(data|about):/.test(params.request.url) && params.request.url !== url) this.asked.push(params.request.url);
    });
  }

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  once(wanted) {
    return new Promise((done) => {
      const listener = ({ method, sessionId, params }) => {
        if (method !== wanted || sessionId !== this.session) return;
        this.browser.listeners.splice(this.browser.listeners.indexOf(listener), 1);
        done(params);
      };
      this.browser.listeners.push(listener);
    });
  }

  async run(code) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression: `(async () => { ${code} })()`, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  // Two frames: sizes are known, and what watches them has drawn.
  settle() {
    return this.run("for (let i = 0; i < 3; i++) await new Promise((done) => requestAnimationFrame(done));");
  }

  async size(size) {
    await this.send("Emulation.setDeviceMetricsOverride", size);
  }

  async dark(dark) {
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  }

  async picture(name) {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    const { cssContentSize } = await this.send("Page.getLayoutMetrics");
    const clip = { x: 0, y: 0, width: cssContentSize.width, height: Math.min(cssContentSize.height, 16000), scale: 1 };
    const { data } = await this.send("Page.captureScreenshot", { clip, captureBeyondViewport: true });
    writeFileSync(join(pictures, `${name}.png`), Buffer.from(data, "base64"));
  }
}

// Charts whose canvas is all of one colour, or empty.
const BLANK_CHARTS = `
  const blank = [];
  for (const figure of document.querySelectorAll("figure.chart")) {
    const canvas = figure.querySelector(".plot canvas");
    let colours = new Set();
    if (canvas && canvas.width > 0 && canvas.height > 0) {
      // Read from a copy, or Chromium would warn on the console of what this test does.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const pixels = new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      for (const pixel of pixels) { colours.add(pixel); if (colours.size > 8) break; }
    }
    if (colours.size <= 8) blank.push(figure.querySelector("h3").textContent);
  }
  return { charts: document.querySelectorAll("figure.chart").length, blank };`;

// Sorts every table by its second column, both ways, and says which is not in order.
const SORT = `
  const wrong = [];
  const tables = [...document.querySelectorAll("table.sortable")].filter((t) => t.tBodies[0].rows.length > 1);
  for (const table of tables) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const numeric = head.classList.contains("n");
      const orders = [];
      for (let click = 0; click < 2; click++) {
        head.querySelector("button").click();
        orders.push(head.getAttribute("aria-sort"));
        const cells = [...table.tBodies[0].rows].map((row) => row.cells[column]);
        const sign = orders[click] === "ascending" ? 1 : -1;
        const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
        const known = cells.filter((c) => !numeric || c.dataset.v !== undefined);
        for (let i = 1; i < known.length; i++) {
          const [a, b] = [known[i - 1], known[i]];
          const order = numeric ? a.dataset.v - b.dataset.v : collator.compare(a.textContent, b.textContent);
          if (sign * order > 0) wrong.push(table.caption.textContent + ", column " + column);
        }
        if (cells.length !== table.tBodies[0].rows.length) wrong.push("rows lost");
      }
      if (new Set(orders).size !== 2) wrong.push(table.caption.textContent + ": aria-sort " + orders);
      const sorted = table.querySelectorAll("th[aria-sort]:not([aria-sort=none])").length;
      if (sorted !== 1) wrong.push(table.caption.textContent + ": " + sorted + " columns marked as sorted");
    });
  }
  return { tables: tables.length, wrong };`;

// Whatever reaches over the right rim of the window, outside of boxes that scroll.
const OVERFLOW = `
  const width = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth > width ? ["the page: " + document.documentElement.scrollWidth] : [];
  for (const element of document.querySelectorAll("main > section > *, figure.chart, .cards li, header > *, footer > *")) {
    const box = element.getBoundingClientRect();
    if (box.right > width + 1) over.push(element.tagName + "." + element.className + ": " + box.right);
  }
  return { width, over };`;

// Texts with too little contrast to what lies behind them (WCAG 2.2, definitions of relative luminance and contrast).
const CONTRAST = `
  const numbers = (colour) => { const p = colour.match(/[\\d.]+/g).map(Number); return p.length < 4 ? [...p, 1] : p; };
  const linear = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const luminance = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const behind = (element) => { for (let e = element; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor); if (c[3] > 0.99) return c; } return [255, 255, 255, 1]; };
  const faint = new Map();
  let least = 21, texts = 0;
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || /^(SCRIPT|STYLE|OPTION|NOSCRIPT)$/.test(element.tagName)) continue;
    if (!element.offsetParent && getComputedStyle(element).position !== "sticky") continue;
    const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    texts++;
    least = Math.min(least, contrast);
    if (contrast < ${LEAST_CONTRAST}) faint.set(element.tagName + "." + element.className, contrast.toFixed(2));
  }
  return { texts, least, faint: [...faint] };`;

async function check(browser, file) {
  const problems = [];
  const demand = (holds, problem) => holds || problems.push(problem);
  const name = `${basename(dirname(resolve(file)))}-${basename(file, ".html")}`;
  const page = await Page.open(browser, pathToFileURL(resolve(file)).href);
  const drawn = async (when) => {
    await page.settle();
    const { charts, blank } = await page.run(BLANK_CHARTS);
    demand(charts > 0 && blank.length === 0, `${when}: ${blank.length} of ${charts} charts are blank: ${blank}`);
    return charts;
  };
  const readable = async (when) => {
    await page.settle();
    const { texts, least, faint } = await page.run(CONTRAST);
    demand(texts > 50 && faint.length === 0, `${when}: too faint among ${texts} texts: ${JSON.stringify(faint)}`);
    return least;
  };

  const charts = await drawn("light");
  const light = await readable("light");
  await page.picture(`${name}-light`);
  const { tables, wrong } = await page.run(SORT);
  demand(tables > 0 && wrong.length === 0, `tables not sorted: ${wrong.slice(0, 5)}`);

  // Every button of every chart does its work, and a picture is saved.
  const saved = await page.run(`
    const names = [];
    HTMLAnchorElement.prototype.click = function () { names.push([this.download, this.href.length, this.href.slice(0, 22)]); };
    for (const button of document.querySelectorAll(".tools button, .legend button")) button.click();
    for (const button of document.querySelectorAll(".legend button")) button.click();
    const choice = document.getElementById("choice");
    if (choice) { choice.selectedIndex = choice.options.length - 1; choice.dispatchEvent(new Event("change")); }
    return names;`);
  const whole = saved.filter(([download, length, start]) => download.endsWith(".png") && length > 5000 && start === "data:image/png;base64,");
  demand(whole.length === charts, `${whole.length} of ${charts} charts can be saved`);
  await drawn("after every button");

  await page.dark(true);
  const dark = await readable("dark");
  await drawn("dark");
  await page.picture(`${name}-dark`);
  const theme = () => page.run("return [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor].join(' ');");
  const before = await theme();
  await page.run("document.getElementById('theme').click();");
  demand(before.startsWith("dark ") && (await theme()).startsWith("light "), "the button does not change the theme");
  await page.run("document.getElementById('theme').click();");

  await page.size(PHONE);
  await drawn("phone");
  const { width, over } = await page.run(OVERFLOW);
  demand(width === 360 && over.length === 0, `wider than ${width} px: ${over}`);
  await page.dark(false);
  await page.run("document.getElementById('theme').click();");
  await page.settle();
  await page.picture(`${name}-phone`);

  demand(page.said.length === 0, `said on the console:\n  ${page.said.join("\n  ")}`);
  demand(page.asked.length === 0, `asked the network for ${page.asked}`);
  // What the policy of the page forbids stays forbidden: a check of the check above.
  const fetched = await page.run(`return fetch("http://localhost:9/").then(() => "fetched", () => "refused");`);
  demand(fetched === "refused" && page.said.some((text) => /Content Security Policy/.test(text)), "the page may ask the network");

  console.log(`${problems.length ? "FAILED" : "ok"} ${file}: ${charts} charts, ${tables} tables, least contrast ${light.toFixed(1)} light, ${dark.toFixed(1)} dark`);
  problems.forEach((problem) => console.log(`  ${problem}`));
  return problems.length === 0;
}

const browser = await Browser.start();
try {
  let fine = true;
  for (const file of argv) fine = (await check(browser, file)) && fine;
  process.exitCode = fine ? 0 : 1;
} finally {
  await browser.close();
}
