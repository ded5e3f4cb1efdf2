/**
 * How far the generation of a new epoch is ahead of the last one that anybody is known to have seen, so that
 * what is known of an earlier epoch is recognized as older.
 */
const GENERATION_GAP = 2 ** 20;

/**
 * The epoch: a random id that the ledger gets when it is empty, and a generation that each change increments. A
 * client sends the id and the highest generation that it has seen. If the ledger has another id, a lower
 * generation, or lacks an account that it lists, it has forgotten something: then it gets a new id, by which
 * every client finds out, and recovers for some time. Until then strict budgets admit nothing, so that the
 * clients can write back what they know.
 *
 * The base of an account is what it had settled when the epoch began, and the generation of that: what a client
 * knows of a later generation replaces the base, and what was charged since then stays.
 */
export const EPOCH_STATE = `
local stored = redis.call('HMGET', EPOCH, 'id', 'generation', 'recovering')
local is_stored = stored[1] and true
local function new_epoch_id()
  return string.sub(redis.sha1hex(table.concat(clock, ' ') .. table.concat(ARGV, ' ') .. table.concat(KEYS, ' ')), 1, 16)
end
local epoch_id = stored[1] or new_epoch_id()
local generation, recovering = tonumber(stored[2] or 0), tonumber(stored[3] or 0)
local is_known, known_generation = KNOWN_ID ~= '-', tonumber(KNOWN_GENERATION)
-- Whether the script changes something, the epoch itself, or the list of accounts; the accounts that it has loaded.
local written, has_begun, has_listed, seen = false, not is_stored, false, {}

-- Admits nothing to strict budgets for some time, once in an epoch.
local function begin_recovery()
  if recovering == 0 then recovering = now + tonumber(RECOVERY) end
  if is_known and known_generation >= generation then generation = known_generation + ${GENERATION_GAP} end
  written = true
  has_begun = true
end

local function begin_epoch()
  if is_stored then
    epoch_id = new_epoch_id()
    recovering = 0
  end
  has_listed = true
  begin_recovery()
end

if is_known and is_stored and KNOWN_ID == epoch_id then
  if known_generation > generation then begin_epoch() end
elseif is_known then begin_recovery()
elseif not is_stored and redis.call('EXISTS', ACCOUNTS) == 1 then begin_epoch() end

local function is_recovering()
  return now < recovering or (is_known and KNOWN_ID ~= epoch_id)
end

local function save_epoch()
  if not written then return end
  generation = generation + 1
  is_stored = true
  if has_begun then
    redis.call('HSET', EPOCH, 'id', epoch_id, 'generation', int(generation), 'recovering', int(recovering))
  else redis.call('HINCRBY', EPOCH, 'generation', '1') end
  if has_listed then redis.call('HSET', EPOCH, 'accounts', redis.call('SCARD', ACCOUNTS)) end
end

-- Whether an account that is not there was: it is listed, or the list itself has shrunk.
local function was_evicted(key)
  if redis.call('SISMEMBER', ACCOUNTS, key) == 1 then return true end
  return redis.call('SCARD', ACCOUNTS) < tonumber(redis.call('HGET', EPOCH, 'accounts') or 0)
end

local function list_account(key)
  redis.call('SADD', ACCOUNTS, key)
  written = true
  has_listed = true
end

-- Keeps what an account had settled when the epoch began, with the first change after that.
local function keep_base(account)
  if account.epoch == epoch_id then return end
  account.epoch = epoch_id
  redis.call('HSET', account.key, 'epoch', epoch_id, 'baseCost', int(account.found[1]), 'baseTokens', int(account.found[2]),
    'baseCalls', int(account.found[3]), 'baseGeneration', int(account.generation))
end

-- What a client remembers of an account, for a restore.
local function state_of(account)
  return string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %s', account[1], account[2], account[3], account.startedAt,
    account.granted[1], account.granted[2], account.granted[3], account.granted[4], account.expireAt)
end
`;
