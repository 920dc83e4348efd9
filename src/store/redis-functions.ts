import { createHash } from "node:crypto";
import { TREE_DEPTH } from "./store.js";

/** The format of what is stored. A release writes where the store's `writers` is at most this. */
export const REDIS_FORMAT = 2;

/**
 * What runs inside Redis, where nothing else runs at the same time. All checks of a commit come before its first write,
 * for an error half-way keeps what was written; the one write that can fail on sound data, the feed's, is the first.
 * JSON goes through as bytes. Numbers go back into text with %.0f: Lua would write 1e+15.
 */
const BODY = `
local FORMAT = ${REDIS_FORMAT}
local TREE_DEPTH = ${TREE_DEPTH}

local function version_of(record)
  return record and string.match(record, '^[^\\n]*') or '-'
end

local function obstacle(meta, tree, sequence, incarnation, floor)
  if not meta[1] then return 'empty' end
  if tonumber(meta[2]) > FORMAT then return 'newer' end
  if tonumber(meta[2]) < FORMAT then return 'older' end
  if string.sub(tree or '', 1, 1) == '!' then return 'importing' end
  if meta[1] ~= incarnation then return 'incarnation' end
  if tonumber(sequence) < tonumber(floor) then return 'behind' end
end

local function number(value)
  return string.format('%.0f', value)
end

-- A record's parent (the root: ''), and whether it is a reseller.
local function place_of(record)
  local parent, role = string.match(record, '^[^\\n]*\\n([^\\n]*)\\n([^\\n]*)')
  return parent, role
end

-- The ids of an account and its ancestors, itself first; nil where there is none.
local function ancestry(prefix, id)
  local ids = {}
  while id ~= '' do
    local record = redis.call('GET', prefix .. 'a:' .. id)
    if not record or #ids > 2 * TREE_DEPTH then return nil end
    ids[#ids + 1] = id
    id = place_of(record)
  end
  return ids
end

local function counts_of(prefix, id)
  local counts = {}
  for each in string.gmatch(redis.call('GET', prefix .. 'n:' .. id) or '', '%d+') do
    counts[#counts + 1] = tonumber(each)
  end
  return counts
end

-- Adds a subtree, given by level, or takes it away, wherever it counts.
local function count(prefix, ancestors, subtree, sign)
  for distance, id in ipairs(ancestors) do
    local counts = counts_of(prefix, id)
    for level, accounts in ipairs(subtree) do
      local at = distance + level - 1
      counts[at] = (counts[at] or 0) + sign * accounts
    end
    while counts[#counts] == 0 do counts[#counts] = nil end
    if #counts == 0 then redis.call('DEL', prefix .. 'n:' .. id)
    else
      for at = 1, #counts do counts[at] = number(counts[at]) end
      redis.call('SET', prefix .. 'n:' .. id, table.concat(counts, ','))
    end
  end
end

local function subtree_of(prefix, id)
  local subtree = counts_of(prefix, id)
  table.insert(subtree, 1, 1)
  return subtree
end

-- Whether an account, and all that is below it, can hang there: the ancestors that it would have; nil: no.
local function room(prefix, parent, id)
  local above = ancestry(prefix, parent)
  if not above or #above + 1 + #counts_of(prefix, id) > TREE_DEPTH then return nil end
  for _, ancestor in ipairs(above) do
    if ancestor == id then return nil end
  end
  return above
end

-- Whether the accounts would still be one tree under one root, and not too deep; and the ancestors to be.
local function fits_tree(prefix, kind, id, parent)
  local record = redis.call('GET', prefix .. 'a:' .. id)
  if kind == 'CREATE' then
    if record then return false end
    if parent == '' then return redis.call('EXISTS', prefix .. 'root') == 0, {} end
    local above = room(prefix, parent, id)
    return above ~= nil, above
  end
  if not record then return false end
  local from = place_of(record)
  if kind == 'DELETE' then return #counts_of(prefix, id) == 0, ancestry(prefix, from) or {} end
  if parent == from then return true, nil end
  if parent == '' or from == '' then return false end
  local above = room(prefix, parent, id)
  return above ~= nil, above
end

-- Takes away everything of an account's documents, and counts the commits that leave nothing behind.
local function drop_documents(prefix, id, revisions)
  local dropped = revisions
  for _, config in ipairs(redis.call('SMEMBERS', prefix .. 'o:' .. id)) do
    local name = id .. ':' .. config
    local version = redis.call('GET', prefix .. 'v:' .. name)
    dropped = dropped + (version and tonumber(string.match(version, '^%d+')) or 0)
    redis.call('UNLINK', prefix .. 'v:' .. name, prefix .. 'd:' .. name, prefix .. 'h:' .. name)
  end
  redis.call('UNLINK', prefix .. 'o:' .. id)
  redis.call('INCRBY', prefix .. 'dropped', number(dropped))
end

-- args from a on: kind id parent role prefix tree-token at. What the tree's shape or its resellers depend on changes the
-- tree token.
local function write_account(record, revision, above, args, a)
  local kind, id, parent, role, prefix = args[a], args[a + 1], args[a + 2], args[a + 3], args[a + 4]
  local key = prefix .. 'a:' .. id
  local from, was = place_of(redis.call('GET', key) or '')
  if kind == 'DELETE' then
    redis.call('DEL', key)
    if from == '' then redis.call('DEL', prefix .. 'root')
    else
      redis.call('ZREM', prefix .. 'k:' .. from, id)
      count(prefix, above, {1}, -1)
    end
    drop_documents(prefix, id, revision)
    local last = redis.call('GET', prefix .. 'lastDeletion')
    if not last or last < args[a + 6] then redis.call('SET', prefix .. 'lastDeletion', args[a + 6]) end
    return
  end
  redis.call('SET', key, record)
  if kind == 'CREATE' then
    if parent == '' then redis.call('SET', prefix .. 'root', id)
    else
      redis.call('ZADD', prefix .. 'k:' .. parent, 0, id)
      count(prefix, above, {1}, 1)
    end
    return
  end
  if from ~= parent then
    local subtree = subtree_of(prefix, id)
    redis.call('ZREM', prefix .. 'k:' .. from, id)
    count(prefix, ancestry(prefix, from), subtree, -1)
    redis.call('ZADD', prefix .. 'k:' .. parent, 0, id)
    count(prefix, above, subtree, 1)
  end
  if from ~= parent or was ~= role then redis.call('SET', prefix .. 'tree', args[a + 5]) end
end

-- keys: meta seq tree root feed op, versions of the expected documents, expected accounts, then of the write itself
--   document: version record history configs; account: its record. What else an account's write touches has no other tag.
-- args: incarnation floor digest ttl tree noRoot feedEntries nonce documents accounts, the expected versions,
--   then change-body body, and config-id or what write_account takes
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
  local above
  if not isDocument then
    local fits
    fits, above = fits_tree(args[a + 7], args[a + 3], args[a + 4], args[a + 5])
    if not fits then holds = false end
  end
  if not holds then return {'conflict', tree, sequence, current} end

  local before = redis.call('GET', keys[k + 1])
  local revision = (before and tonumber(string.match(before, '^%d+')) or 0) + 1
  local nextSequence = number(tonumber(sequence) + 1)
  local version = number(revision) .. '.' .. nextSequence .. '.' .. args[8]
  local record = version .. '\\n' .. args[a + 2]

  redis.call('XADD', keys[5], 'MAXLEN', '~', args[7], nextSequence .. '-0', 'change', version .. '\\n' .. args[a + 1])
  if isDocument then
    redis.call('RPUSH', keys[k + 3], record)
    redis.call('SET', keys[k + 2], record)
    redis.call('SET', keys[k + 1], version)
    redis.call('SADD', keys[k + 4], args[a + 3])
  else write_account(record, revision, above, args, a + 3) end
  redis.call('SET', keys[2], nextSequence)
  redis.call('SET', keys[6], args[3] .. '\\n' .. version, 'PX', args[4])
  return {'done', version, ''}
end

-- keys: tree; args: prefix id levels limit, and the path behind which to go on.
local function descendants(keys, args)
  local prefix, root, levels, limit = args[1], args[2], tonumber(args[3]), tonumber(args[4])
  local path, last = {}, ''
  for i = 5, #args do
    local parent = path[#path] or root
    if not redis.call('ZSCORE', prefix .. 'k:' .. parent, args[i]) then
      last = args[i]
      break
    end
    path[#path + 1] = args[i]
  end
  local paths = {}
  while #paths < limit do
    local child
    if #path < levels then
      local from = last == '' and '-' or '(' .. last
      child = redis.call('ZRANGEBYLEX', prefix .. 'k:' .. (path[#path] or root), from, '+', 'LIMIT', 0, 1)[1]
    end
    if child then
      path[#path + 1] = child
      paths[#paths + 1] = table.concat(path, '/')
      last = ''
    elseif #path == 0 then break
    else last = table.remove(path) end
  end
  return {redis.call('GET', keys[1]), paths, redis.call('GET', prefix .. 'n:' .. root)}
end

-- keys: tree lastDeletion, the accounts; args: the prefix of accounts. Each account on the way to the root comes once.
local function lineages(keys, args)
  local seen, records = {}, {}
  for i = 3, #keys do
    local key = keys[i]
    while key and not seen[key] do
      seen[key] = true
      local record = redis.call('GET', key)
      key = nil
      if record then
        records[#records + 1] = record
        local parent = place_of(record)
        if parent ~= '' then key = args[1] .. parent end
      end
    end
  end
  return {redis.call('GET', keys[1]), redis.call('GET', keys[2]), records}
end

-- keys: tree; args: prefix system-owner bodies, then pairs of an account (or the system's owner) and a config id. Each
-- account on the ways to the root comes once; of each config what its layers have, the highest first: the whole record of
-- its own, and of the others that or the version alone.
local function layers(keys, args)
  local prefix, system, isWhole = args[1], args[2], args[3] == 'all'
  local places, records, configs = {}, {}, {}
  local function place(id)
    if places[id] == nil then
      local record = redis.call('GET', prefix .. 'a:' .. id)
      places[id] = false
      if record then
        records[#records + 1] = record
        local parent, role = place_of(record)
        places[id] = {parent = parent, isReseller = role ~= ''}
      end
    end
    return places[id]
  end
  -- Of an account that is there. Goes all the way, so that all of them are among the records.
  local function reseller(id)
    local found
    local last, parent, steps = nil, places[id].parent, 0
    while parent ~= '' and steps <= 2 * TREE_DEPTH do
      local above = place(parent)
      if not above then break end
      if above.isReseller and not found then found = parent end
      last, parent, steps = parent, above.parent, steps + 1
    end
    return found or last
  end
  for i = 4, #args, 2 do
    local owner, config = args[i], args[i + 1]
    local owners = {}
    if owner == system then owners = {system}
    elseif place(owner) then
      owners = {owner, reseller(owner) or system}
      if owners[2] ~= system then owners[3] = system end
    end
    local texts = {}
    for layer, each in ipairs(owners) do
      texts[layer] = redis.call('GET', prefix .. ((isWhole or layer == 1) and 'd:' or 'v:') .. each .. ':' .. config)
    end
    configs[#configs + 1] = texts
  end
  return {redis.call('GET', keys[1]), records, configs}
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

-- keys: meta lock account; args: holder revision record id parent prefix
local function restore_account(keys, args)
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  local current = redis.call('GET', keys[3])
  if current and tonumber(string.match(current, '^%d+')) > tonumber(args[2]) then return 'done' end
  local id, parent, prefix = args[4], args[5], args[6]
  local from = current and place_of(current) or ''
  if from ~= '' and from ~= parent then redis.call('ZREM', prefix .. 'k:' .. from, id) end
  redis.call('SET', keys[3], args[3])
  if parent == '' then redis.call('SET', prefix .. 'root', id)
  else redis.call('ZADD', prefix .. 'k:' .. parent, 0, id) end
  return 'done'
end

-- keys: meta lock counts; args: holder counts
local function restore_counts(keys, args)
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  if args[2] == '' then redis.call('DEL', keys[3]) else redis.call('SET', keys[3], args[2]) end
  return 'done'
end

-- keys: meta seq tree feed lock dropped; args: holder sequence incarnation tree-token dropped
local function finish_import(keys, args)
  if redis.call('GET', keys[5]) ~= args[1] then return 'locked' end
  redis.call('DEL', keys[4])
  redis.call('SET', keys[2], args[2])
  redis.call('SET', keys[3], args[4])
  redis.call('SET', keys[6], args[5])
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
  layers: `strata_layers_${DIGEST}`,
  descendants: `strata_descendants_${DIGEST}`,
  found: `strata_found_${DIGEST}`,
  beginImport: `strata_begin_import_${DIGEST}`,
  restoreWrite: `strata_restore_write_${DIGEST}`,
  restoreCounts: `strata_restore_counts_${DIGEST}`,
  restoreAccount: `strata_restore_account_${DIGEST}`,
  finishImport: `strata_finish_import_${DIGEST}`,
  accept: `strata_accept_${DIGEST}`,
} as const;

export const FUNCTION_LIBRARY = `#!lua name=strata_${DIGEST}
${BODY}
redis.register_function('${FUNCTIONS.commit}', commit)
redis.register_function{function_name='${FUNCTIONS.lineages}', callback=lineages, flags={'no-writes'}}
redis.register_function{function_name='${FUNCTIONS.layers}', callback=layers, flags={'no-writes'}}
redis.register_function{function_name='${FUNCTIONS.descendants}', callback=descendants, flags={'no-writes'}}
redis.register_function('${FUNCTIONS.found}', found)
redis.register_function('${FUNCTIONS.beginImport}', begin_import)
redis.register_function('${FUNCTIONS.restoreWrite}', restore_write)
redis.register_function('${FUNCTIONS.restoreAccount}', restore_account)
redis.register_function('${FUNCTIONS.restoreCounts}', restore_counts)
redis.register_function('${FUNCTIONS.finishImport}', finish_import)
redis.register_function('${FUNCTIONS.accept}', accept)
`;
