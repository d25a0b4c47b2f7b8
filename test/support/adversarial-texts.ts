/** What a backtracking expression, or a search that begins again at each character, takes hours for. */
const PIECES: readonly string[] = [
  ...[
    '1.',
    'a.',
    'a-',
    '1-',
    'a@',
    '@',
    '1',
    '00',
    'a',
    '+1 ',
    '::',
    'http://',
    '(',
    '.',
    '-',
    ' ',
    '\n',
  ],
  ...[
    '1 ',
    '(1',
    '1(1)',
    '1 1-',
    'a:',
    '1:',
    '00:11:',
    '"@',
    '"a"@',
    'a..',
    '..@',
    '@[1',
    'xn--',
    'www.',
  ],
  ...[
    'a@b.co ',
    'a@a.a.a.',
    '1.1.1.1 ',
    '192.168.1.1 ',
    'fe80::1 ',
    '::ffff:1.2.3.4 ',
    '1/1/2020 ',
  ],
  ...[
    '2020-01-01 ',
    'May 5, 1990 ',
    'may ',
    '1/',
    '12:34:56 ',
    '4111 ',
    '4111111111111111 ',
    '123-45-6789 ',
  ],
  ...[
    '123456789 ',
    '+14155550132 ',
    '(415) 555-0132 ',
    '0917 123 4567 ',
    'phone 123 4567 ',
    'http://a@',
  ],
  ...['GB29 ', 'GB29 NWBK 6016 1331 9268 19 ', 'DE89 3704 0044 0532 ', 'http://a.b/', 'a.com '],
  ...['bc1q', '1BoatSLRHtKNngkdXEeobR76b53LETtpyT ', '0x52908400098527886E0F7030069857D2E4169EE7 '],
  ...[
    '123e4567-e89b-12d3-a456-426614174000 ',
    '01 02 03 04 05 ',
    '\u200b',
    '\u00ad1',
    '\uff11',
    '\u0661',
  ],
  ...['\u{1d7ce}', '\u00e9', 'a\u0301', '\uff21\uff22'],
];

export const ADVERSARIAL_CHARS = 100_000;

/** Texts of `chars` characters, by the piece that they repeat. */
export function listAdversarialTexts(
  chars = ADVERSARIAL_CHARS,
): readonly (readonly [piece: string, text: string])[] {
  return PIECES.map((piece) => [
    JSON.stringify(piece),
    piece.repeat(Math.ceil(chars / piece.length)).slice(0, chars),
  ]);
}

/** English of `chars` characters with few numbers, the same each time. */
export function writeProse(chars: number): string {
  const words =
    'the daemon reads a text and finds what gives people away so that nobody has to; it was written in 2019 by Ann and Bob, who live at the sea. "Well," said she, I have 12 apples and 3 pears.'.split(
      ' ',
    );
  let text = '';
  for (let seed = 1; text.length < chars; seed = (seed * 48_271) % 2_147_483_647) {
    text += `${words[seed % words.length] ?? ''}${seed % 17 === 0 ? '.\n' : ' '}`;
  }
  return text.slice(0, chars);
}
