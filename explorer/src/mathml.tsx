/** LaTeX, as much of it as admodes writes, as MathML. */

import type { ComponentChild } from "preact";

const SIGNS: Record<string, string> = {
  partial: "∂", times: "×", cdot: "⋅", infty: "∞", ge: "≥", le: "≤", ne: "≠", land: "∧", lor: "∨",
  lnot: "¬", oplus: "⊕", lfloor: "⌊", rfloor: "⌋", lceil: "⌈", rceil: "⌉", odot: "⊙", top: "⊤",
  dots: "…", ldots: "…", cdots: "⋯", sum: "∑", prod: "∏", Vert: "‖", to: "→", gets: "←", pm: "±",
  approx: "≈", in: "∈", nabla: "∇", surd: "√", sim: "∼", wedge: "∧", backslash: "\\", div: "÷",
  circ: "∘", quad: " ", lbrace: "{", rbrace: "}", mid: "|", ll: "≪", Rightarrow: "⇒", bmod: "mod",
  otimes: "⊗", langle: "⟨", rangle: "⟩", prime: "′",
};
const LETTERS = [
  ..."alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ".split(" "),
  ..."lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω".split(" "),
  ..."Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω".split(" "),
];
const GREEK: Record<string, string> = {};
LETTERS.forEach((word, i) => { if (i % 2 === 0) GREEK[word] = LETTERS[i + 1]!; });
const ACCENTS: Record<string, string> = {
  bar: "¯", dot: "˙", ddot: "¨", hat: "^", tilde: "~", overline: "¯", vec: "→",
};
const WORDS = new Set(["mathit", "mathrm", "operatorname", "text", "mathbf", "texttt", "mathbb"]);
/** Of a sign that does not grow with what it encloses. Preact leaves out an attribute that is false. */
const FIXED = { stretchy: "false" as unknown as boolean };
/** Of a minus that is a sign. */
const PREFIX = { form: "prefix" };
/** What brackets around it grow with; others grow by the room that a larger glyph has at its sides. */
const TALL = /^\\([dt]?frac|begin) ?$/;
const SPACES: Record<string, string> = { ",": "0.17em", ";": "0.28em", " ": "0.25em", "!": "0" };

/** One formula. */
export function Tex({ tex }: { tex: string }) {
  return <math>{parsed(tex)}</math>;
}

/** Terms of a sum, between which a line may be broken. */
export function Sum({ parts }: { parts: string[] }) {
  return (
    <>
      {parts.map((part, i) => {
        const next = parts[i + 1];
        const sign = next === undefined ? "" : next.startsWith("-") ? " -" : " +";
        const term = i > 0 && part.startsWith("-") ? part.slice(1) : part;
        return <span class="part" key={i}><Tex tex={term + sign} />{" "}</span>;
      })}
    </>
  );
}

const cache = new Map<string, ComponentChild[]>();

function parsed(tex: string): ComponentChild[] {
  let found = cache.get(tex);
  if (!found) {
    if (cache.size > 20000) cache.clear();
    found = new Parser(tex).row();
    cache.set(tex, found);
  }
  return found;
}

class Parser {
  private readonly tokens: string[];
  private at = 0;

  constructor(tex: string) {
    this.tokens = tex.match(/\\[A-Za-z]+ ?|\\[^A-Za-z]|\d+(?:\.\d+)?|[\s\S]/gu) ?? [];
  }

  /** Items up to a closing brace, a \right or the end. */
  row(): ComponentChild[] {
    const items: ComponentChild[] = [];
    while (this.at < this.tokens.length && !/^(\}|\]|\\right ?)$/.test(this.tokens[this.at]!)) {
      const item = this.scripted();
      if (item !== null) items.push(item);
    }
    return items;
  }

  private scripted(): ComponentChild {
    let base = this.atom();
    if (base === null) return null;
    let below: ComponentChild = null;
    let above: ComponentChild = null;
    for (;;) {
      const next = this.tokens[this.at];
      if (next === "_" && below === null) {
        this.at++;
        below = this.argument();
      } else if (next === "^" && above === null) {
        this.at++;
        above = this.argument();
      } else if (next === "'") {
        this.at++;
        above = <mo>′</mo>;
      } else {
        break;
      }
    }
    if (below !== null && above !== null) base = <msubsup>{base}{below}{above}</msubsup>;
    else if (below !== null) base = <msub>{base}{below}</msub>;
    else if (above !== null) base = <msup>{base}{above}</msup>;
    return base;
  }

  /** What a command takes: a group, or one token, of a number its first digit. */
  private argument(): ComponentChild {
    const token = this.tokens[this.at] ?? "";
    if (token === "{") return this.group();
    if (/^\d./.test(token)) {
      this.tokens[this.at] = token.slice(1);
      return <mn>{token[0]}</mn>;
    }
    return this.atom() ?? <mrow />;
  }

  private group(): ComponentChild {
    this.at++;
    const items = this.row();
    this.at++;
    return items.length === 1 ? items[0]! : <mrow>{items}</mrow>;
  }

  /** What stands between braces, as text. */
  private words(): string {
    let text = "";
    let depth = 0;
    for (; this.at < this.tokens.length; this.at++) {
      const token = this.tokens[this.at]!;
      if (token === "{" && depth++ === 0) continue;
      if (token === "}" && --depth === 0) break;
      text += token.startsWith("\\") ? this.word(token) : token === "{" || token === "}" ? "" : token;
    }
    this.at++;
    return text;
  }

  private word(token: string): string {
    const name = token.slice(1).trim();
    if (name.startsWith("text") || name === "ensuremath" || WORDS.has(name)) return "";
    return GREEK[name] ?? SIGNS[name] ?? name;
  }

  private atom(): ComponentChild {
    const token = this.tokens[this.at++]!;
    if (token === "{") {
      this.at--;
      return this.group();
    }
    if (/^\s$/.test(token)) return null;
    if (/^\d/.test(token)) return <mn>{token}</mn>;
    if (token === "[") {
      const items = this.row();
      this.at++;
      return <mrow><mo {...FIXED}>[</mo><mrow>{items}</mrow><mo {...FIXED}>]</mo></mrow>;
    }
    if (!token.startsWith("\\")) {
      if (/^\p{L}$/u.test(token)) return <mi>{token}</mi>;
      if (token === "-") return <mo {...(this.afterComma() ? PREFIX : {})}>−</mo>;
      return <mo {...("()|".includes(token) ? FIXED : {})}>{token}</mo>;
    }
    return this.command(token.slice(1).trim() || " ");
  }

  /** Whether a comma stands before the token that was read, after which a minus is a sign. */
  private afterComma(): boolean {
    return this.tokens.slice(Math.max(this.at - 3, 0), this.at - 1).join("").trimEnd().endsWith(",");
  }

  private command(name: string): ComponentChild {
    if (name in SPACES) return <mspace width={SPACES[name]!} />;
    if (/^[dt]?frac$/.test(name)) {
      const top = this.argument();
      return <mfrac>{top}{this.argument()}</mfrac>;
    }
    if (name === "sqrt") {
      if (this.tokens[this.at] !== "[") return <msqrt>{this.argument()}</msqrt>;
      this.at++;
      const index = this.row();
      this.at++;
      return <mroot>{this.argument()}<mrow>{index}</mrow></mroot>;
    }
    if (name === "left") return this.fenced();
    if (name === "bar") return <mrow class="bar">{this.argument()}</mrow>;
    if (name in ACCENTS) {
      return (
        <mover accent>
          {this.argument()}
          <mo class="accent" {...FIXED}>{ACCENTS[name]}</mo>
        </mover>
      );
    }
    if (WORDS.has(name)) {
      const words = this.words();
      if (name === "text") return <mtext>{words}</mtext>;
      return name === "operatorname" ? this.applied(words) : <mi mathvariant={name === "mathit" ? undefined : "normal"}>{words}</mi>;
    }
    if (name in GREEK) return <mi>{GREEK[name]}</mi>;
    if (name in SIGNS) return <mo {...FIXED}>{SIGNS[name]}</mo>;
    return /^[A-Za-z]/.test(name) ? this.applied(name) : <mo>{name}</mo>;
  }

  /** The name of a function, with some room to an argument without brackets. */
  private applied(name: string): ComponentChild {
    const next = this.tokens.slice(this.at).find((token) => token.trim() !== "")?.trim() ?? "";
    if (/^(\(|\^|_|\}|\\left|\\right|)$/.test(next)) return <mi>{name}</mi>;
    return <mrow><mi>{name}</mi><mspace width="0.17em" /></mrow>;
  }

  private fenced(): ComponentChild {
    const open = this.fence();
    const begin = this.at;
    const items: ComponentChild[] = [];
    while (this.at < this.tokens.length && this.tokens[this.at]!.trim() !== "\\right") {
      const before = this.at;
      items.push(...this.row());
      // A bracket inside that closes nothing stands for itself.
      if (this.at < this.tokens.length && this.tokens[this.at]!.trim() !== "\\right") {
        items.push(<mo {...FIXED}>{this.tokens[this.at]!}</mo>);
        this.at++;
      } else if (this.at === before) break;
    }
    const grows = this.tokens.slice(begin, this.at).some((token) => TALL.test(token)) ? {} : FIXED;
    this.at++;
    // In a row of its own a minus that comes first is a sign.
    return (
      <mrow>
        <mo {...grows}>{open}</mo>
        <mrow>{items}</mrow>
        <mo {...grows}>{this.fence()}</mo>
      </mrow>
    );
  }

  private fence(): string {
    const token = this.tokens[this.at++] ?? "";
    return token.startsWith("\\") ? this.word(token) : token;
  }
}
