function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/));
}

/** What English streets end with, and its abbreviations (USPS publication 28, Royal Mail). */
export const ENGLISH_TYPES = wordSet(
  `street st str road rd avenue ave av boulevard blvd drive dr lane ln court ct place pl square sq terrace ter tce
  crescent cres cr close way parkway pkwy highway hwy circle cir trail trl loop alley grove gardens gdns mews row hill
  heights hts plaza turnpike tpke expressway parade pde esplanade quay wharf walk green rise crossing bypass causeway
  route freeway motorway ridge run vista creek`,
);

/** So common besides streets that a capital before them proves little: something else of an address has to follow. */
export const WEAK_ENGLISH_TYPES = wordSet(
  'route run vista creek hill green rise walk row loop ridge crossing heights',
);

/** Even without capitals. */
export const PLAIN_ENGLISH_TYPES = wordSet('street avenue boulevard road');

/** Names before a type that make it something else: a `24 hour drive`, a `6 lane highway`. */
export const NOT_NAMES = wordSet(
  `minute minutes min hour hours hr hrs mile miles km kilometer kilometers kilometre metre meter meters day days week
  weeks month months year years lane lanes way story block car door gb tb mb gbps usb hard flash disk people percent
  the a an of on in at to from down up off along and or for with by this that these those his her its our their my your
  same main-line busy long short open monday tuesday wednesday thursday friday saturday sunday am pm million billion`,
);

/** Before a name and a number, in Romance and Slavic languages: `Via Roma 5`, `ul. Miła 57`. */
export const LEADING_TYPES = wordSet(
  `via viale piazza piazzale corso largo vicolo strada calle c/ avenida avda av avda. av. plaza paseo camino carrera
  ronda carrer rua r. travessa praça praca estrada alameda rúa rúe rue avenue boulevard chemin quai allée ul ulica al
  aleja aleje pl plac os osiedle bulwar str strada bulevardul улица ул проспект пр λεωφόρος λεωφ οδός πλατεία`,
);

/** Those that a lower-case word may be: no common word of another language. */
export const PLAIN_LEADING_TYPES = wordSet(
  'ul ulica rue rua rúa calle улица ул avda avenida piazza viale',
);

/** Behind a house number, in French: `12 rue de la Paix`. */
export const FRENCH_TYPES = wordSet(
  'rue avenue av ave boulevard bd bld blvd place pl allée allee allées chemin impasse quai route cours passage voie ruelle sentier square rond-point',
);

/** May stand in a name in lower case. */
export const PARTICLES = wordSet(
  'de du des la le les l d del della delle dei degli di da do dos das e y el los las van der den het ter ten zum zur am an auf in im und of the von bij i v z',
);

/** Ends of words that are streets in one word: `Hauptstraße`, `Parijsstraat`, `Hammarvägen`. */
export const STREET_ENDINGS =
  /(?:stra(?:ss|ß)e|strasse|str|gasse|gässli|weg|allee|platz|chaussee|promenade|graben|straat|laan|gracht|plein|singel|kade|dreef|dijk|vej|vejen|vænget|stræde|gade|gaden|vei|veien|vegen|gata|gaten|gatan|vägen|väg|gränd|torget|katu|tie|kuja|polku|aukio|braut|gatva|stígur|utca|maantee|puiestee|iela|gatvė|sokak|caddesi|bulvarı)$/u;

/** English words, names and others with such an end. */
export const NOT_STREETS = wordSet(
  `brigade renegade arcade decade brocade cascade blockade barricade tie auntie necktie cutie rookie katie zombie
  movie cookie norweg ausweg umweg heimweg arbeitsplatz sitzplatz parkplatz stellplatz stehplatz tagegrade agata
  promenade singel tie bowtie hottie sweetie sortie charlie katu str weg platz gade vei vej plein kade dijk allee
  graben ausgraben regata fregata lokade kanonade lie`,
);

/** Types that stand alone behind the name: `Rákóczi út 13`, `Luite tee 87`, `Passauer Strasse 33`. */
export const TRAILING_TYPES = wordSet(
  `utca út útja u tér tere körút rkp köz sétány tee mnt põik strasse straße str weg allee platz gasse straat laan plein
  vej gade gata gatan vägen veien katu tie sokak sok sk caddesi cad cd bulvarı st iela gatvė g`,
);

/** In front of the number of a box. */
export const BOX_WORDS = wordSet('box postfach postbus postbox postboks apartado apdo bp');

/** Kinds of places within a house. */
export const UNIT_WORDS = wordSet(
  'apt apartment suite ste unit flat floor fl room rm bldg building apto app appartement wohnung whg etage piso office',
);

/** Words that say that what follows is an address. */
export const ADDRESS_CONTEXT: ReadonlySet<string> = wordSet(
  `address addresses addressed lives live living lived located resides reside residence office offices headquartered
  headquarters ship shipping shipped deliver delivered delivery mail mailing mailed moved move visit stop adresse
  anschrift wohnt wohnhaft adres dirección domicilio vive indirizzo abita residente endereço mora habite domicilié`,
);

/** Prepositions of time: a year follows. */
export const TIME_WORDS = wordSet(
  'in since during by until till from circa of early late mid before after year around summer winter',
);
