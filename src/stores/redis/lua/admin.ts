/** How many accounts one script answers with, about. */
const PAGE = 200;

/**
 * Accounts, page by page; of a page that was answered before, some may come again. ARGV: 2 the cursor, '0' at first. Answers with the
 * next cursor, '0' at the end, and for each account its key, its definition and its balances.
 */
export const ACCOUNTS = `
local page = redis.call('SSCAN', ACCOUNTS, ARGV[2], 'COUNT', ${PAGE})
local list = { 'ok', int(now), page[1] }
for _, key in ipairs(page[2]) do
  local account = load(key)
  if account.startedAt then
    list[#list + 1] = key
    list[#list + 1] = account.definition
    for _, value in ipairs({ balances(account) }) do list[#list + 1] = value end
  else
    redis.call('SREM', ACCOUNTS, key)
  end
end
return list
`;

/** What an account was charged by the minute, as it is kept: minutes and amounts in turn. KEYS: the account. */
export const SPENDING = `
local list = { 'ok', int(now) }
for _, text in ipairs(redis.call('HGETALL', spendingKey(KEYS[FIRST]))) do list[#list + 1] = text end
return list
`;

/** Raises the limits of an account. ARGV: 2 to 5 nano-USD, tokens, calls, milliseconds; from 6 on as for the balances from 2. */
export const RAISE = `
local accounts = present(6, 4)
if not accounts then return { 'retry', int(now) } end
local account = accounts[1]
for i = 1, 4 do account.granted[i] = math.min(account.granted[i] + tonumber(ARGV[i + 1]), MOST) end
saveGrant(account)
return answer(balances(account))
`;

/** Begins an account anew. ARGV as for the balances. Answers with the balances before. */
export const RESET = `
local accounts = present(2, 4)
if not accounts then return { 'retry', int(now) } end
local account = accounts[1]
local before = { balances(account) }
for i = 1, 3 do
  account[i] = 0
  -- What open calls hold of a grant they keep: it is within the limit and this, whatever the limit is.
  account.granted[i] = math.min(account.granted[i], account[i + 3])
end
account.granted[4] = 0
account.startedAt = now
save(account)
saveGrant(account)
return answer(unpack(before))
`;
