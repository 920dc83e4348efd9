import { createHash } from "node:crypto";

/** The format of what is stored. A release writes where the store's `writers` is at most this. */
export const REDIS_FORMAT = 1;

/**
 * What runs inside Redis, where nothing else runs at the same time. All checks of a commit come before its first write,
 * for an error half-way keeps what was written; the one write that can fail on sound data, the feed's, is the first.
 * JSON goes through as bytes. Numbers go back into text with %.0f: Lua would write 1e+15.
 */
const BODY = `
local FORMAT = ${REDIS_FORMAT}

local function version_of(record)
  return record and string.match(record, '^[^\\n]*') or '-'
end

local function obstacle(meta, tree, sequence, incarnation, floor)
  if not meta[1] then return 'empty' end
  if tonumber(meta[2]) > FORMAT then return 'newer' end
  if string.sub(tree or '', 1, 1) == '!' then return 'importing' end
  if meta[1] ~= incarnation then return 'incarnation' end
  if tonumber(sequence) < tonumber(floor) then return 'behind' end
end

-- keys: meta seq tree root feed op, versions of the expected documents, expected accounts, then of the write itself
--   document: version record history configs; account: record parent children-of-parent (a root: the record alone)
-- args: incarnation floor digest ttl tree noRoot feedEntries nonce documents accounts, the expected versions,
--   then change-body body, and config-id or account-id
local function commit(keys, args)
  local sequence = redis.call('GET', keys[2])
  local tree = redis.call('GET', keys[3])
  local reason = obstacle(redis.call('HMGET', keys[1], 'incarnation', 'writers'), tree, sequence, args[1], args[2])
  if reason then return {'refused', reason} end

  local earlier = redis.call('GET', keys[6])
  if earlier then
    local digest, version = string.match(earlier, '^([^\\n]*)\\n(.*)$')
    if digest ~= args[3] then return {'reused'} end
    -- A write, so that whoever waits for the replicas waits for what came before it.
    redis.call('PEXPIRE', keys[6], args[4])
    return {'done', version, 'replayed'}
  end

  local documents, accounts = tonumber(args[9]), tonumber(args[10])
  local holds = (args[5] == '' or args[5] == tree) and (args[6] == '' or redis.call('EXISTS', keys[4]) == 0)
  local current = {}
  for i = 1, documents + accounts do
    local found = version_of(redis.call('GET', keys[6 + i]))
    current[i] = found
    if found ~= args[10 + i] then holds = false end
  end
  local k, a = 6 + documents + accounts, 10 + documents + accounts
  local isDocument = #keys - k == 4
  local hasParent = #keys - k == 3
  if not isDocument then
    local fits = redis.call('EXISTS', keys[k + 1]) == 0
    if hasParent then fits = fits and redis.call('EXISTS', keys[k + 2]) == 1
    else fits = fits and redis.call('EXISTS', keys[4]) == 0 end
    if not fits then holds = false end
  end
  if not holds then return {'conflict', tree, sequence, current} end

  local before = isDocument and redis.call('GET', keys[k + 1])
  local revision = (before and tonumber(string.match(before, '^%d+')) or 0) + 1
  local nextSequence = string.format('%.0f', tonumber(sequence) + 1)
  local version = string.format('%.0f', revision) .. '.' .. nextSequence .. '.' .. args[8]
  local record = version .. '\\n' .. args[a + 2]

  redis.call('XADD', keys[5], 'MAXLEN', '~', args[7], nextSequence .. '-0', 'change', version .. '\\n' .. args[a + 1])
  if isDocument then
    redis.call('RPUSH', keys[k + 3], record)
    redis.call('SET', keys[k + 2], record)
    redis.call('SET', keys[k + 1], version)
    redis.call('SADD', keys[k + 4], args[a + 3])
  else
    redis.call('SET', keys[k + 1], record)
    if hasParent then redis.call('ZADD', keys[k + 3], 0, args[a + 3])
    else redis.call('SET', keys[4], args[a + 3]) end
  end
  redis.call('SET', keys[2], nextSequence)
  redis.call('SET', keys[6], args[3] .. '\\n' .. version, 'PX', args[4])
  return {'done', version, ''}
end

-- keys: tree, the accounts; args: the prefix of accounts. Each account on the way to the root comes once.
local function lineages(keys, args)
  local seen, records = {}, {}
  for i = 2, #keys do
    local key = keys[i]
    while key and not seen[key] do
      seen[key] = true
      local record = redis.call('GET', key)
      key = nil
      if record then
        records[#records + 1] = record
        local parent = string.match(record, '^[^\\n]*\\n([^\\n]*)')
        if parent ~= '' then key = args[1] .. parent end
      end
    end
  end
  return {redis.call('GET', keys[1]), records}
end

-- keys: meta seq tree lock; args: name clear holder. From now on nobody reads or writes here.
local function begin_import(keys, args)
  local sequence = redis.call('GET', keys[2]) or '0'
  local meta = redis.call('HMGET', keys[1], 'importing', 'clearing')
  if redis.call('GET', keys[4]) ~= args[3] then return 'locked' end
  if args[2] == '' and meta[1] ~= args[1] and (meta[1] or sequence ~= '0') then return 'not empty' end
  if args[2] ~= '' then redis.call('HSET', keys[1], 'clearing', '1') end
  redis.call('SET', keys[3], '!import')
  redis.call('SET', keys[2], '0')
  redis.call('HSET', keys[1], 'importing', args[1])
  redis.call('HDEL', keys[1], 'incarnation', 'accepted')
  return (args[2] ~= '' or meta[2]) and 'clear' or 'go on'
end

-- keys: meta lock version record history configs; args: holder revision version body config-id. Whatever the order that
-- the writes of one document come in, the highest revision is the current one.
local function restore_write(keys, args)
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  local revision, record = tonumber(args[2]), args[3] .. '\\n' .. args[4]
  local length = redis.call('LLEN', keys[5])
  if length >= revision then redis.call('LSET', keys[5], revision - 1, record)
  else
    for _ = length + 2, revision do redis.call('RPUSH', keys[5], '') end
    redis.call('RPUSH', keys[5], record)
  end
  local current = redis.call('GET', keys[3])
  if not current or tonumber(string.match(current, '^%d+')) <= revision then
    redis.call('SET', keys[4], record)
    redis.call('SET', keys[3], args[3])
  end
  redis.call('SADD', keys[6], args[5])
  return 'done'
end

-- keys: meta lock account root, and of an account that has a parent children-of-parent; args: holder revision record id
local function restore_account(keys, args)
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  local current = redis.call('GET', keys[3])
  if not current or tonumber(string.match(current, '^%d+')) <= tonumber(args[2]) then
    redis.call('SET', keys[3], args[3])
    if keys[5] then redis.call('ZADD', keys[5], 0, args[4]) else redis.call('SET', keys[4], args[4]) end
  end
  return 'done'
end

-- keys: meta seq tree feed lock; args: holder sequence incarnation tree-token
local function finish_import(keys, args)
  if redis.call('GET', keys[5]) ~= args[1] then return 'locked' end
  redis.call('DEL', keys[4])
  redis.call('SET', keys[2], args[2])
  redis.call('SET', keys[3], args[4])
  redis.call('HDEL', keys[1], 'importing', 'clearing', 'accepted')
  redis.call('HSET', keys[1], 'format', FORMAT, 'writers', FORMAT, 'incarnation', args[3])
  return 'done'
end

-- keys: meta seq tree; args: incarnation tree-token. What is there now is the store, says an operator.
local function accept(keys, args)
  if string.sub(redis.call('GET', keys[3]) or '', 1, 1) == '!' then return 'importing' end
  redis.call('SETNX', keys[2], '0')
  redis.call('SET', keys[3], args[2])
  redis.call('HSETNX', keys[1], 'format', FORMAT)
  redis.call('HSETNX', keys[1], 'writers', FORMAT)
  redis.call('HSET', keys[1], 'incarnation', args[1], 'accepted', args[1])
  return 'done'
end

-- keys: meta seq tree; args: incarnation tree-token. Makes a new store where there is none.
local function found(keys, args)
  if redis.call('EXISTS', keys[1], keys[2], keys[3]) == 0 then
    redis.call('SET', keys[2], '0')
    redis.call('SET', keys[3], args[2])
    redis.call('HSET', keys[1], 'format', FORMAT, 'writers', FORMAT, 'incarnation', args[1])
  end
  return redis.call('HGET', keys[1], 'incarnation')
end
`;

/**
 * Two releases of Strata can share a store: each brings its own library under a name that holds the digest of its text,
 * and nobody replaces another's.
 */
const DIGEST = createHash("sha256").update(BODY).digest("hex").slice(0, 16);
export const FUNCTIONS = {
  commit: `strata_commit_${DIGEST}`,
  lineages: `strata_lineages_${DIGEST}`,
  found: `strata_found_${DIGEST}`,
  beginImport: `strata_begin_import_${DIGEST}`,
  restoreWrite: `strata_restore_write_${DIGEST}`,
  restoreAccount: `strata_restore_account_${DIGEST}`,
  finishImport: `strata_finish_import_${DIGEST}`,
  accept: `strata_accept_${DIGEST}`,
} as const;

export const FUNCTION_LIBRARY = `#!lua name=strata_${DIGEST}
${BODY}
redis.register_function('${FUNCTIONS.commit}', commit)
redis.register_function{function_name='${FUNCTIONS.lineages}', callback=lineages, flags={'no-writes'}}
redis.register_function('${FUNCTIONS.found}', found)
redis.register_function('${FUNCTIONS.beginImport}', begin_import)
redis.register_function('${FUNCTIONS.restoreWrite}', restore_write)
redis.register_function('${FUNCTIONS.restoreAccount}', restore_account)
redis.register_function('${FUNCTIONS.finishImport}', finish_import)
redis.register_function('${FUNCTIONS.accept}', accept)
`;
