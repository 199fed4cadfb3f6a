// Writes the README's tables from what the program says of itself. A test fails where they lag behind.
import fs from "node:fs";
import path from "node:path";
import { withTables } from "./readme-tables.ts";

const file = path.join(import.meta.dirname, "..", "README.md");
fs.writeFileSync(file, withTables(fs.readFileSync(file, "utf8")));
