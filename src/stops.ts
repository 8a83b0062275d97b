/** The parts of something that runs, stopped in the reverse of the order in which they were started. */
export interface Stops {
  /** Stopped by its own way of being disposed of. */
  use<T extends AsyncDisposable>(name: string, part: T): T;
  defer(name: string, stop: () => unknown): void;
  /** Hands all parts over; disposing of this one then stops nothing. */
  move(): Stops;
  /** The part that is being stopped, or was stopped last. */
  readonly current: string | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An `AsyncDisposableStack` that can say what it is waiting for. A part that fails to stop doesn't keep the others from it. */
export function openStops(): Stops {
  return stopsOn(new AsyncDisposableStack(), { current: undefined });
}

function stopsOn(stack: AsyncDisposableStack, state: { current: string | undefined }): Stops {
  const defer = (name: string, stop: () => unknown) => {
    stack.defer(async () => {
      state.current = name;
      await stop();
    });
  };
  return {
    defer,
    use(name, part) {
      defer(name, () => part[Symbol.asyncDispose]());
      return part;
    },
    move: () => stopsOn(stack.move(), state),
    get current() {
      return state.current;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
