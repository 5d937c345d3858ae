// Checks files of HTML: `node check.mjs FILE...` prints JSON, for each file what html-validate finds in it, and the
// features that email programs don't have, with those programs (caniemail).
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";
import { FileSystemConfigLoader, HtmlValidate } from "html-validate";

const PROGRAMS = [
  "apple-mail.*", "gmail.desktop-webmail", "gmail.ios", "gmail.android", "outlook.*", "samsung-email.*", "yahoo.*",
];
// Email programs need what these rules are against: Outlook its comments and attributes, and all of them inline styles.
// An email's `role` is on a div, because some programs replace other elements. Spaces at the ends of lines are in posts.
// A title is the subject, which may be longer than what search engines show of a title.
const WITHOUT = [
  "long-title", "no-conditional-comment", "no-deprecated-attr", "no-inline-style", "no-trailing-whitespace", "prefer-native-element",
];

const validator = new HtmlValidate(
  new FileSystemConfigLoader({
    root: true,
    extends: ["html-validate:recommended"],
    rules: Object.fromEntries(WITHOUT.map((rule) => [rule, "off"])),
  }),
);

async function errors(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((result) =>
    result.messages.map((found) => `${found.line}:${found.column} ${found.ruleId}: ${found.message}`),
  );
}

function missing(html) {
  const features = {};
  for (const [program, issues] of caniemail({ clients: PROGRAMS, html }).issues.errors) {
    for (const title of new Set(issues.map((issue) => issue.title))) (features[title] ??= []).push(program);
  }
  return features;
}

const found = {};
for (const file of process.argv.slice(2)) {
  const html = readFileSync(file, "utf8");
  found[file] = { errors: await errors(html), missing: missing(html) };
}
console.log(JSON.stringify(found));
