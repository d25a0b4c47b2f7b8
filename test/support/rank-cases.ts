/** A query, a document that has its words in it, and others about something else. */
export interface RankCase {
  readonly query: string;
  readonly fitting: string;
  readonly others: readonly string[];
}

/** In the words of the story model, which knows no others. */
export const RANK_CASES: readonly RankCase[] = [
  {
    query: 'What color was the big ball?',
    fitting: 'Lily had a big ball. The color of the big ball was red. She liked the ball.',
    others: ['Tom saw a bird in the tree.', 'Mom made a cake in the kitchen.'],
  },
  {
    query: 'Where did the bird sing?',
    fitting: 'The bird sat in the tree. The bird did sing a happy song every day.',
    others: ['Lily had a red ball.', 'The boy went to the store with his dad.'],
  },
  {
    query: 'Who made the cake?',
    fitting: 'Mom made the cake. The cake was sweet and everyone ate the cake.',
    others: ['The dog ran in the park.', 'It was a sunny day and the sky was blue.'],
  },
  {
    query: 'Why was the dog sad?',
    fitting: 'The dog was sad because the dog lost his bone. He looked for it.',
    others: ['Lily and her mom went to the store.', 'The tree was very tall.'],
  },
  {
    query: 'What did Tom find in the park?',
    fitting: 'One day Tom went to the park. In the park Tom did find a shiny rock.',
    others: ['The cat slept on the bed.', 'She had a cup of milk.'],
  },
  {
    query: 'Did the cat drink the milk?',
    fitting: 'The cat was thirsty. The cat saw the milk and did drink the milk.',
    others: ['Ben played with his toy car.', 'They built a big house of sand.'],
  },
  {
    query: 'How did the car break?',
    fitting: 'Ben had a toy car. The car fell down and the car did break.',
    others: ['The flowers were pretty.', 'The girl sang a song to her mom.'],
  },
  {
    query: 'Where is the little frog?',
    fitting: 'The little frog is in the pond. The little frog can jump high.',
    others: ['Dad gave her a new dress.', 'Sam was afraid of the dark.'],
  },
  {
    query: 'Who gave Lily the doll?',
    fitting: 'Lily was happy. Her grandma gave Lily the doll. Lily hugged the doll.',
    others: ['The fish swam in the water.', 'He climbed up the hill and sat down.'],
  },
  {
    query: 'Was the water cold?',
    fitting: 'They jumped into the lake. The water was cold, so cold was the water.',
    others: ['Max liked to read a book.', 'The bunny ate a carrot.'],
  },
];
