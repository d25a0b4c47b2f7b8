/** What stands before telephone numbers, in the languages of those who write them; phrases where one word says too little. */
const WORDS: readonly string[] = [
  // English
  'phone phones telephone tel ph cell cellphone cellular mobile mob call calling called calls dial fax desk landline',
  'hotline tollfree whatsapp text texts sms messages message answering answer voicemail ring reach contact',
  // German, Dutch
  'telefon telefonnummer tel telefonisch fon handy handynummer mobil mobilnummer mobilfunk festnetz durchwahl rufnummer',
  'anruf anrufen anrufe rückruf erreichbar bel bellen mobiel mobieltje telefoon telefoonnummer gsm',
  // French
  'téléphone téléphoner tél portable mobile appelez appeler appelle appel rappeler rappelez joindre joignable standard',
  // Spanish, Portuguese, Italian
  'teléfono teléfonos telefono telef tfno tfn tlf móvil movil celular cel celu llame llámame llamar llamada llámenos',
  'telefone telemóvel telemovel tlm fone ligue ligar liga contato',
  'cellulare cell chiamami chiamare chiama chiamate recapito telefonare telefonico',
  // Swedish, Norwegian, Danish, Finnish
  'telefon tlf tfn mobil mobilnummer telefonnr ringa ringe ring puhelin puh puhelinnumero soita',
  // Polish, Czech, Slovak, Hungarian, Romanian, Turkish
  'telefonu telefonem komórka komórkowy zadzwoń zadzwonić dzwoń dzwonić zavolejte volejte volajte mobilní telefonszám hívjon sunați',
  'mobilul numara telefonnumarası arayın',
  // Russian, Ukrainian, Greek
  'телефон телефона телефону тел моб мобильный звоните позвоните звонить дзвоніть τηλ τηλέφωνο κινητό κιν',
  // Hebrew, Arabic, Persian
  'טלפון נייד טל הטלפון הנייד هاتف الهاتف جوال الجوال تليفون موبايل اتصل تلفن موبایل',
  // Tagalog, Indonesian, Malay, Vietnamese
  'telepono telepon telp hubungi sđt',
  // Written without spaces, or with particles
  '电话 手机 電話 手機 携帯 連絡先 전화 휴대폰 핸드폰 연락처 โทร เบอร์ फोन फ़ोन मोबाइल',
];
const PHRASES: readonly string[] = [
  ...['phone number', 'office phone', 'home phone', 'my number', 'our number', 'his number'],
  ...[
    'her number',
    'toll free',
    'cep telefonu',
    'cep tel',
    'cep no',
    'nomor hp',
    'no hp',
    'điện thoại',
  ],
];

export const PHONE_WORDS: ReadonlySet<string> = new Set([
  ...WORDS.flatMap((line) => line.split(' ')),
  ...PHRASES,
]);
