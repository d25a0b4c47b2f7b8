/** A token as the model numbers it. */
export type Token = number;
