import { expect, test } from 'vitest';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';

const find = (text: string): readonly string[] =>
  detect(text, { threshold: 'balanced' }).map(
    ({ entity, start, end }) => `${entity} ${text.slice(start, end)}`,
  );

test.each([
  ['order 5521, tel 030 2312567', '030 2312567'],
  ['ID: 4432 | Tel: 0171 5556677', '0171 5556677'],
  ['account phone: 98765 43210', '98765 43210'],
])('in "%s" the nearer word says that it is a telephone', (text, number) => {
  expect(find(text)).toEqual([`PHONE_NUMBER ${number}`]);
});

test.each(['phone order 0171 5556677', 'part no. 0 261 230 110', 'call code 5551234'])(
  'in "%s" the nearer word names another number',
  (text) => {
    expect(find(text)).toEqual([]);
  },
);

test.each(['08-123 456 78', '030/23125-678', '0201/12 34 56'])(
  'an area that is parted otherwise than the rest is one: %s',
  (number) => {
    expect(find(`x ${number} y`)).toEqual([`PHONE_NUMBER ${number}`]);
  },
);

test('a telephone is found right behind its label', () => {
  expect(find('TEL617-555-0100')).toEqual(['PHONE_NUMBER 617-555-0100']);
  expect(find('hp 9123 4567')).toEqual(['PHONE_NUMBER 9123 4567']);
  expect(find('HP LaserJet 4250 12345')).toEqual([]);
});

test('a card behind the first number of a row is no decimal', () => {
  expect(find('1,4111111111111111,Ann')).toEqual(['CREDIT_CARD 4111111111111111']);
  expect(find('0,4111111111111111')).toEqual([]);
});

test.each([
  'DOB:03/14/1985',
  'BDAY:1984-09-02',
  'birthdate=19910823',
  'narozen 14. 2. 1983',
  'born 5 мая 1982',
])('the day of birth in "%s" is found', (text) => {
  expect(find(text)).toEqual([`DATE_TIME ${text.replace(/^[a-z]+[:= ]/i, '')}`]);
});

test('a time behind a colon is no day, and eight digits are none without a word for births', () => {
  expect(find('born at 10:03/14/1985')).toEqual([]);
  expect(find('log 19910823')).toEqual([]);
});

test.each(['smtp-relay@shop.example', 'root@localhost.localdomain', 'ann@build.test'])(
  'a mail address of a reserved domain is one: %s',
  (address) => {
    expect(find(`user: ${address}`)).toEqual([`EMAIL_ADDRESS ${address}`]);
  },
);

test.each([
  ['passport no. L898902C3', 'PASSPORT L898902C3'],
  ['numéro de passeport 14AV56789', 'PASSPORT 14AV56789'],
  ['паспорт 75 1234567', 'PASSPORT 75 1234567'],
  ['permis de conduire 980375200345', 'DRIVER_LICENSE 980375200345'],
  ['rijbewijs 5123456789', 'DRIVER_LICENSE 5123456789'],
])('in "%s" the document of any country is found', (text, found) => {
  expect(find(text)).toEqual([found]);
});

test('a round amount is no business number', () => {
  expect(find('10 000 000 000')).toEqual([]);
});

test('a version behind the name of its package is no address', () => {
  expect(find('nuget 6.12.0.127')).toEqual([]);
});
