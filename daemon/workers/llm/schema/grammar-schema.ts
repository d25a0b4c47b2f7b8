/** A JSON Schema in the subset that becomes a grammar: references resolved, annotations dropped. */
export type GrammarSchema = Readonly<Record<string, unknown>>;
