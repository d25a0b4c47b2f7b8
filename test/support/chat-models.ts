import { readGguf, writeGguf, type GgufParts } from './edit-gguf.ts';
import { ggufString, ggufStrings } from './gguf-values.ts';
import { unpackEmbeddedModel } from './embedded-model.ts';

/** Templates as models of several families bring them, in the shapes that matter here. */
const HEAD =
  '{%- if tools %}{{ "<|im_start|>system\\n# Tools\\n" }}{%- for tool in tools %}{{ tool | tojson }}{{ "\\n" }}{%- endfor %}{{ "<|im_end|>\\n" }}{%- endif %}';
const TURNS =
  '{%- for message in messages %}' +
  '{%- if message.role == "tool" %}' +
  '{%- if loop.first or messages[loop.index0 - 1].role != "tool" %}{{ "<|im_start|>user" }}{%- endif %}' +
  '{{ "\\n<tool_response>\\n" + message.content + "\\n</tool_response>" }}' +
  '{%- if loop.last or messages[loop.index0 + 1].role != "tool" %}{{ "<|im_end|>\\n" }}{%- endif %}' +
  '{%- else %}{{ "<|im_start|>" + message.role + "\\n" }}' +
  'REASONING{%- if message.content %}{{ message.content }}{%- endif %}' +
  '{%- for call in message.tool_calls or [] %}{%- set call = call.function %}' +
  '{{ "\\n<tool_call>\\n{\\"name\\": \\"" + call.name + "\\", \\"arguments\\": " }}{{ call.arguments | tojson }}{{ "}\\n</tool_call>" }}' +
  '{%- endfor %}{{ "<|im_end|>\\n" }}{%- endif %}{%- endfor %}';
const THOUGHT =
  '{%- if message.reasoning_content and loop.last %}{{ "<think>\\n" + message.reasoning_content + "\\n</think>\\n\\n" }}{%- endif %}';

export const TEMPLATES = {
  /** Calls as Hermes and Qwen write them, several in a turn. */
  tools: `${HEAD}${TURNS.replace('REASONING', '')}{%- if add_generation_prompt %}{{ "<|im_start|>assistant\\n" }}{%- endif %}`,
  /** The same, and every answer begins with a thought. */
  thinking: `${HEAD}${TURNS.replace('REASONING', THOUGHT)}{%- if add_generation_prompt %}{{ "<|im_start|>assistant\\n<think>\\n" }}{%- endif %}`,
  /** One call a turn, as plain JSON. */
  llama3:
    '{{ bos_token }}{%- if tools %}{{ "<|start_header_id|>system<|end_header_id|>\\n\\n" }}{%- for t in tools %}{{ t | tojson }}{%- endfor %}{{ "<|eot_id|>" }}{%- endif %}' +
    '{%- for message in messages %}' +
    '{%- if message.role == "tool" %}{{ "<|start_header_id|>ipython<|end_header_id|>\\n\\n" + message.content + "<|eot_id|>" }}' +
    '{%- elif message.tool_calls %}{%- if message.tool_calls | length != 1 %}{{ raise_exception("one call only") }}{%- endif %}{%- set call = message.tool_calls[0].function %}' +
    '{{ "<|start_header_id|>assistant<|end_header_id|>\\n\\n{\\"name\\": \\"" + call.name + "\\", \\"parameters\\": " }}{{ call.arguments | tojson }}{{ "}<|eot_id|>" }}' +
    '{%- else %}{{ "<|start_header_id|>" + message.role + "<|end_header_id|>\\n\\n" + message.content + "<|eot_id|>" }}{%- endif %}{%- endfor %}' +
    '{%- if add_generation_prompt %}{{ "<|start_header_id|>assistant<|end_header_id|>\\n\\n" }}{%- endif %}',
  /** A list of calls after one marker. */
  mistral:
    '{{ bos_token }}{%- for message in messages %}' +
    '{%- if message.role == "user" or message.role == "system" %}{%- if tools and loop.first %}{{ "[AVAILABLE_TOOLS]" }}{{ tools | tojson }}{{ "[/AVAILABLE_TOOLS]" }}{%- endif %}{{ "[INST]" + message.content + "[/INST]" }}' +
    '{%- elif message.tool_calls %}{{ (message.content or "") + "[TOOL_CALLS][" }}{%- for call in message.tool_calls %}{{ "{\\"name\\": \\"" + call.function.name + "\\", \\"arguments\\": " }}{{ call.function.arguments | tojson }}{{ "}" }}{%- if not loop.last %}{{ ", " }}{%- endif %}{%- endfor %}{{ "]" + eos_token }}' +
    '{%- elif message.role == "assistant" %}{{ message.content + eos_token }}' +
    '{%- else %}{{ "[TOOL_RESULTS]" + message.content + "[/TOOL_RESULTS]" }}{%- endif %}{%- endfor %}',
  /** A template without tools. */
  plain:
    '{{ bos_token }}{% for message in messages %}{{ message.role }}: {{ message.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}',
} as const;

const CONTROL = 3;
const USER_DEFINED = 4;

/** The story model with a template, and with special tokens of its own where `types` says of which type. */
export function makeChatModel(
  template: string,
  types: Readonly<Record<string, 'control' | 'added'>> = {},
): string {
  const parts = readGguf(unpackEmbeddedModel('stories-260k'));
  parts.metadata.set('tokenizer.chat_template', ggufString(template));
  renameTokens(parts, types);
  return writeGguf(parts);
}

/** The last byte tokens, which no text of these tests needs, get new names. */
function renameTokens(
  { metadata }: GgufParts,
  types: Readonly<Record<string, 'control' | 'added'>>,
): void {
  const names = Object.entries(types);
  if (names.length === 0) return;
  const tokens = readStrings(metadata.get('tokenizer.ggml.tokens') ?? Buffer.alloc(0));
  const kinds = Buffer.from(metadata.get('tokenizer.ggml.token_type') ?? Buffer.alloc(0));
  const last = tokens.indexOf('<0xFF>');
  for (const [index, [text, type]] of names.entries()) {
    const token = last - index;
    tokens[token] = text;
    // A head of 16 bytes: type of the array, type of its items, their number.
    kinds.writeInt32LE(type === 'control' ? CONTROL : USER_DEFINED, 16 + token * 4);
  }
  metadata.set('tokenizer.ggml.tokens', ggufStrings(tokens));
  metadata.set('tokenizer.ggml.token_type', kinds);
}

function readStrings(value: Buffer): string[] {
  let at = 16;
  return Array.from({ length: Number(value.readBigUInt64LE(8)) }, () => {
    const end = at + 8 + Number(value.readBigUInt64LE(at));
    const text = value.toString('utf8', at + 8, end);
    at = end;
    return text;
  });
}
