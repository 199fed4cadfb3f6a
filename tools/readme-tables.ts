import { EXIT_CODES } from "../src/cli/help.ts";
import { defaultText, OPTIONS } from "../src/config/options.ts";

/** The README with the tables between its markers made anew. */
export function withTables(readme: string): string {
  const options = OPTIONS.map((option) => [
    `\`${option.usage}\``,
    `\`${option.name}\``,
    option.description,
    option.defaultText ?? `\`${defaultText(option)}\``,
  ]);
  const codes = EXIT_CODES.map(([code, meaning]) => [code, meaning]);
  return fill(
    fill(readme, "options", ["flag", "key in a file", "what", "default"], options),
    "exit codes",
    ["code", "meaning"],
    codes,
  );
}

function fill(text: string, name: string, header: string[], rows: string[][]): string {
  const pattern = new RegExp(`(<!-- ${name}: [^\\n]* -->\\n)[^]*?(<!-- /${name} -->)`);
  if (!pattern.test(text)) throw new Error(`the README has no place for ${name}`);
  const lines = [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return text.replace(pattern, (_all, start: string, end: string) => `${start}${lines.join("\n")}\n${end}`);
}
