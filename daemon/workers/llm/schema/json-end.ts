/** Finds where a JSON value ends while it is being written. */
export interface JsonEnd {
  /** Takes more text; the length of all text up to the end of the value, once it is complete. */
  push(text: string): number | undefined;
}

/** Of an object, an array or a string; what a number ends with, only its writer knows. */
export function createJsonEnd(): JsonEnd {
  let at = 0;
  let depth = 0;
  let isString = false;
  let isEscaped = false;
  let end: number | undefined;

  const take = (character: string): void => {
    if (isEscaped) isEscaped = false;
    else if (isString) {
      if (character === '\\') isEscaped = true;
      else if (character === '"') isString = false;
      if (!isString && depth === 0) end = at;
    } else if (character === '"') isString = true;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) end = at;
  };

  return {
    push(text) {
      for (let index = 0; index < text.length && end === undefined; index++) {
        at++;
        take(text.charAt(index));
      }
      return end;
    },
  };
}
