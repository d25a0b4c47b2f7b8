import { kindOf, patternOf } from '@locara/protocol';
import { describe, expect, test } from 'vitest';

describe('an entity', () => {
  test.each([
    ['EMAIL_ADDRESS', 'EMAIL_ADDRESS', 'email'],
    ['DE_PASSPORT', 'PASSPORT', 'passport'],
    ['UK_DRIVING_LICENCE', 'DRIVER_LICENSE', 'driverLicense'],
    ['API_KEY', 'SECRET', 'secret'],
    ['US_BANK_NUMBER', 'ABA_ROUTING_NUMBER', 'bankRouting'],
    ['UK_POSTCODE', 'STREET_ADDRESS', 'address'],
    ['PH_MOBILE_NUMBER', 'PHONE_NUMBER', 'phone'],
    ['MEDICAL_LICENSE', 'NATIONAL_ID', 'nationalId'],
    ['US_SSN', 'US_SSN', 'ssn'],
  ])('%s is a %s, and found by the pattern %s', (entity, kind, pattern) => {
    expect(kindOf(entity)).toBe(kind);
    expect(patternOf(entity)).toBe(pattern);
  });

  test('of a pattern of its own has the name that the app gave it', () => {
    expect(kindOf('badge')).toBe('badge');
    expect(patternOf('badge')).toBe('badge');
  });
});
