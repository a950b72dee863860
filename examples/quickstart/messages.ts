// What the shop and its worker processes say to each other. The jobs themselves go through the database alone.

export type WorkerMessage =
  | { readonly kind: "started" }
  /** Something to be shown. One of the two ids says what it is about; with neither it is about the process. */
  | {
      readonly kind: "told";
      readonly orderId?: string;
      readonly chainId?: string;
      readonly text: string;
    }
  | { readonly kind: "crashPoint"; readonly orderId: string };

export type ShopMessage =
  /** The answer to "crashPoint": live on. */
  { readonly kind: "goOn"; readonly orderId: string } | { readonly kind: "stop" };
