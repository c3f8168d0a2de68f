// Exits with 1 and says why when AsyncAPI's own parser finds an error in the document.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const errors = diagnostics.filter((found) => found.severity === 0);
for (const found of errors) console.log(`${found.path.join("/")}: ${found.message}`);
process.exit(errors.length || !document ? 1 : 0);
