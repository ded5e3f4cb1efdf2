/** The approximate number of accounts in one answer. */
const PAGE_SIZE = 200;

/**
 * Answers a page of accounts; an account may be on several pages. ARGV: 2 the cursor, '0' at first. The
 * answer is the next cursor, '0' at the end, and for each account its key, its definition and its balances.
 */
export const ACCOUNTS = `
local page = redis.call('SSCAN', ACCOUNTS, ARGV[2], 'COUNT', ${PAGE_SIZE})
local list = answer(page[1])
for _, key in ipairs(page[2]) do
  local account = load_account(key)
  if account.startedAt then
    list[#list + 1] = key
    list[#list + 1] = account.definition
    for _, value in ipairs({ balances(account) }) do list[#list + 1] = value end
  end
end
return list
`;

/**
 * Answers what an account was charged by the minute, as it is stored: minutes, each with its amounts. KEYS:
 * the account.
 */
export const SPENDING = `
local list = answer()
for _, text in ipairs(redis.call('HGETALL', spending_key(KEYS[FIRST_ACCOUNT]))) do list[#list + 1] = text end
return list
`;

/**
 * Raises the limits of an account, and answers the new balances. ARGV: 2 to 5 nano-USD, tokens, calls,
 * milliseconds; from 6 on as for the balances from 2.
 */
export const RAISE = `
local accounts = present_accounts(6, 4)
if not accounts then return { 'retry', int(now) } end
local account = accounts[1]
for i = 1, 4 do account.granted[i] = math.min(account.granted[i] + tonumber(ARGV[i + 1]), MAX_INTEGER) end
save_account(account)
save_grant(account)
return answer(balances(account))
`;

/** Resets an account, and answers the balances before. ARGV as for the balances. */
export const RESET = `
local accounts = present_accounts(2, 4)
if not accounts then return { 'retry', int(now) } end
local account = accounts[1]
local before = { balances(account) }
for i = 1, 3 do
  account[i] = 0
  -- The part of a grant that open calls reserve stays, so that they are within limit and grant whatever the
  -- limit is.
  account.granted[i] = math.min(account.granted[i], account[i + 3])
end
account.granted[4] = 0
account.startedAt = now
save_account(account)
save_grant(account)
return answer(unpack(before))
`;

/** Ends the recovery of the ledger, if there is one: answers whether there was. */
export const CONFIRM = `
local was = now < recovering
if was then
  recovering = now
  written = true
  has_begun = true
end
return answer(was and '1' or '0')
`;
