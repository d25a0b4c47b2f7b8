/** What stands before telephone numbers, in the languages of those who write them; phrases where one word says too little. */
const WORDS: readonly string[] = [
  // English
  'phone phones telephone tel ph cellphone cellular mob dial fax landline',
  'hotline helpline tollfree whatsapp sms voicemail',
  // German, Dutch
  'telefon telefonnummer tel telefonisch fon handy handynummer handynr telefonnr mobil mobilnummer mobilfunk festnetz durchwahl rufnummer',
  'anruf anrufen anrufe ruf rufe rufen rückruf erreichbar bel bellen mobiel mobieltje telefoon telefoonnummer gsm',
  // French
  'téléphone téléphoner tél appelez appeler rappeler rappelez joindre joignable',
  // Spanish, Portuguese, Italian
  'teléfono teléfonos telefono telef tfno tfn tlf móvil movil celular cel celu llame llámame llamar llamada llámenos',
  'telefone telemóvel telemovel tlm fone ligue ligar contato',
  'cellulare chiamami chiamare chiama chiamate recapito telefonare telefonico',
  // Swedish, Norwegian, Danish, Finnish
  'telefon tlf tfn mobil mobilnummer telefonnr ringa puhelin puh puhelinnumero soita',
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
  '电话 手机 拨打 撥打 致电 致電 電話 手機 携帯 連絡先 전화 휴대폰 핸드폰 연락처 โทร เบอร์ फोन फ़ोन मोबाइल',
];
const PHRASES: readonly string[] = [
  ...[
    'phone number',
    'office phone',
    'home phone',
    'toll free',
    'answering at',
    'answer at',
    'reached at',
  ],
  ...['my', 'our', 'his', 'her', 'their'].map((whose) => `${whose} number`),
  ...['call', 'text', 'ring', 'reach', 'contact', 'message'].flatMap((verb) =>
    ['me', 'us', 'him', 'her', 'them'].map((whom) => `${verb} ${whom}`),
  ),
  ...[
    'ring meg',
    'ring mig',
    'cep telefonu',
    'cep tel',
    'cep no',
    'nomor hp',
    'no hp',
    'điện thoại',
  ],
  ...['mon numéro', 'mi número', 'meu número', 'mio numero', 'meine nummer', 'mijn nummer'],
  ...['mitt nummer', 'mit nummer', 'mój numer', 'мой номер', 'numaram', 'numéro vert'],
  ...[
    'new number',
    'neue nummer',
    'nouveau numéro',
    'nuevo número',
    'nuovo numero',
    'nieuwe nummer',
  ],
];

export const PHONE_WORDS: ReadonlySet<string> = new Set([
  ...WORDS.flatMap((line) => line.split(' ')),
  ...PHRASES,
]);

/** What also stands before other numbers: enough for one that is written as telephone numbers are. */
export const LOOSE_PHONE_WORDS: ReadonlySet<string> = new Set(
  [
    'call calling called calls text texts message messages answering answer ring ringe reach contact desk cell',
    'mobile portable standard appel appelle liga',
  ].flatMap((line) => line.split(' ')),
);

/** What other numbers are called. Standing nearer than a word for telephones, they win. */
export const OTHER_NUMBER_WORDS: ReadonlySet<string> = new Set(
  [
    'order orders ticket invoice build pid version isbn issn ean upc serial tracking timestamp epoch id uid',
    'account card ssn passport licence license zip zipcode postcode plz ref reference case sku part pn model lot',
    'vat iban routing doi rfc commit port error code imei npi tin lat lon lng latitude longitude coordinates score',
    'total bytes pin job seq catalog policy claim',
    'commande facture référence bestellung bestellnummer auftrag auftragsnummer rechnung rechnungsnummer artikel',
    'artikelnummer teilenummer aktenzeichen pedido factura ordine fattura zamówienie faktura ordre заказ',
  ].flatMap((line) => line.split(' ')),
);
