import { printJson, printText } from '../output.ts';
import { openSharedLedger, redactPassword, type StoreOptions } from '../store-option.ts';

/** The options of `confirm`, as given. */
export interface ConfirmOptions extends StoreOptions {
  readonly json?: boolean;
}

/** Accepts a ledger that has lost data as it is: the processes that deny calls for that reason admit them again. */
export async function confirmLedger(options: ConfirmOptions): Promise<void> {
  const { ledger, store } = openSharedLedger(options, { create: true });
  try {
    const isConfirmed = await ledger.confirm();
    const name = redactPassword(store);
    if (options.json === true) printJson({ store: name, confirmed: isConfirmed });
    else if (isConfirmed) printText(`Confirmed ${name}: calls are admitted by the balances that it has now.`);
    else printText(`${name} denies no calls for lost data: nothing to confirm.`);
  } finally {
    await ledger.close();
  }
}
