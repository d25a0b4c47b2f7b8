/** One operation of the store's process. */
export interface Op<P, R, C = never> {
  params: P;
  chunk: C;
  result: R;
}
