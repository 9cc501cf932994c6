// Asks the built site's own search what readers type: is the page that they want among the first?
//
//     node scripts/docs_search.mjs site

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";

const WANTED = {
  FastAPI: "fastapi.html",
  retry: "recipes.html",
  retries: "durable.html",
  order: "delivery.html",
  test: "testing.html",
  tests: "testing.html",
};
const FIRST = 2;

const site = process.argv[2];
const workers = join(site, "assets/javascripts/workers");
const [name] = readdirSync(workers).filter((file) => /^search\..*\.js$/.test(file));
const index = JSON.parse(readFileSync(join(site, "search/search_index.json"), "utf-8"));

// The worker is a script for browsers: this is as much of one as it uses.
const answers = [];
const waiting = [];
const page = {
  addEventListener: (_, listener) => { page.listener = listener; },
  postMessage: (answer) => (waiting.shift() ?? ((each) => answers.push(each)))(answer),
  location: { href: "http://site/" },
  console, setTimeout, URL,
};
page.self = page;
vm.runInNewContext(readFileSync(join(workers, name), "utf-8"), page);

function ask(type, data) {
  return new Promise((resolve) => {
    waiting.push(resolve);
    page.listener({ data: { type, data } });
  });
}

const [SETUP, QUERY] = [0, 2];
await ask(SETUP, { ...index, options: { suggest: true } });
let missing = 0;
for (const [typed, wanted] of Object.entries(WANTED)) {
  const { data } = await ask(QUERY, typed);
  const pages = data.items.map(([{ location }]) => location.split("#")[0]);
  const found = [...new Set(pages)].slice(0, FIRST);
  if (!found.includes(wanted)) {
    missing += 1;
    console.error(`searching for ${typed} finds ${found.join(", ")}, and not ${wanted}`);
  }
}
process.exit(missing ? 1 : 0);
