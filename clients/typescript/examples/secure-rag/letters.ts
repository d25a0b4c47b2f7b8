/** Letters as an app gets them. The people are invented; their numbers are those that are set aside for that. */
export const LETTERS = [
  {
    id: 'refund',
    text: 'The parcel with the blue kettle arrived broken. Please send the money back to GB82 WEST 1234 5698 7654 32 and write to mara.lindqvist@example.com when it is done.',
  },
  {
    id: 'visit',
    text: 'The heating in the kitchen is cold again. Call me on +1 415 555 2671 before you come, the dog barks at strangers.',
  },
  {
    id: 'card',
    text: 'My card 4111 1111 1111 1111 was charged twice for the same train ticket. My social security number is 536-22-8726, if you need it.',
  },
] as const;

export const QUESTION = 'What did mara.lindqvist@example.com write about the broken kettle?';
