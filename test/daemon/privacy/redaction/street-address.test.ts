import { describe, expect, test } from 'vitest';
import { STREET_ADDRESS } from '../../../../daemon/privacy/redaction/address/street-address.ts';
import { ADDRESS_NEGATIVES } from '../../../support/address-negatives.ts';
import { runRecognizer } from '../../../support/id-driver.ts';

const BALANCED = 0.35;

function addressesIn(text: string): string[] {
  return runRecognizer(STREET_ADDRESS, text)
    .filter(({ score }) => score >= BALANCED)
    .map(({ start, end }) => text.slice(start, end));
}

/** With `|` around what is the address. */
const ADDRESSES = [
  'Mail it to |123 Main St|.',
  'I live at |742 Evergreen Terrace, Springfield, IL 62704|.',
  '|1600 Pennsylvania Avenue NW, Washington, DC 20500|',
  '|15 W 34th St Apt 5B, New York, NY 10001|',
  '|350 Fifth Avenue| is tall.',
  'Flat 3, |221B Baker Street|',
  '|10 Downing Street, London SW1A 2AA|',
  '|45 George St, Sydney NSW 2000|',
  '|100 Queen St W, Toronto, ON M5H 2N2|',
  'my address is |12 oak street|',
  'Er wohnt |Hauptstr. 5a, 80331 München|.',
  '|Musterweg 3| ist frei.',
  '|Passauer Strasse 33|',
  '|12 rue de la Paix, 75002 Paris|',
  'au |12, boulevard Saint-Germain|',
  '|5 bis, avenue Foch|',
  'en |Calle Mayor 5, 28013 Madrid|',
  '|Calle de Alcalá, 45|',
  'in |Via Roma 131| a Torino',
  '|Piazza del Duomo 3|',
  '|Rua Augusta 1578|',
  '|Kerkstraat 5|',
  '|Drottninggatan 5|, Stockholm',
  '|ul. Marszałkowska 10|, Warszawa',
  '|Rákóczi út 13|',
  'Write to |P.O. Box 123|.',
  '|PO Box 4567, Austin TX 78701|',
  '|Postfach 1234|',
  '|PSC 1234, Box 5678\nAPO AE 09012|',
  'at |2019 Main Street, Springfield, IL|',
  'the |corner of Oak Street and 5th Avenue|',
];

describe('an address is found, to its end', () => {
  test.each(ADDRESSES)('%s', (marked) => {
    const [, address] = marked.split('|');
    expect(addressesIn(marked.replaceAll('|', ''))).toEqual([address]);
  });
});

test.each(ADDRESS_NEGATIVES)('"%s" has no address', (text) => {
  expect(addressesIn(text)).toEqual([]);
});

test('a year before a street counts as a house number where an address is announced', () => {
  expect(addressesIn('in 2019 Main Street banks')).toEqual([]);
  expect(addressesIn('She lives at 2019 Main Street')).toEqual(['2019 Main Street']);
});
