/** The functions that read. None of them writes; each is one moment of the store. */
export const LUA_READS = `
-- How far down a path leads from an account, and the first id of it that is not there. The path is args[from] to args[to].
local function path_within(prefix, root, args, from, to)
  local path = {}
  for i = from, to do
    if not redis.call('ZSCORE', prefix .. 'k:' .. (path[#path] or root), args[i]) then return path, args[i] end
    path[#path + 1] = args[i]
  end
  return path, ''
end

-- The first child of an account behind an id, or the last one before it; with no id: the first of all, or the last.
local function child_beside(prefix, parent, id, isBackwards)
  local command = isBackwards and 'ZREVRANGEBYLEX' or 'ZRANGEBYLEX'
  local first, last = isBackwards and '+' or '-', isBackwards and '-' or '+'
  if id ~= '' then first = '(' .. id end
  return redis.call(command, prefix .. 'k:' .. parent, first, last, 'LIMIT', 0, 1)[1]
end

-- From the last account on, or before a place. Those below an account are done before the account itself.
local function paths_before(prefix, root, levels, limit, args)
  local path, bound, paths = {}, '', {}
  if #args > 5 then
    path, bound = path_within(prefix, root, args, 6, #args - 1)
    if bound == '' then bound = args[#args] end
  end
  while #paths < limit do
    local child = #path < levels and child_beside(prefix, path[#path] or root, bound, true)
    if child then
      path[#path + 1] = child
      bound = ''
    elseif #path == 0 then break
    else
      paths[#paths + 1] = table.concat(path, '/')
      bound = table.remove(path)
    end
  end
  return paths
end

-- From the first account on, or behind a place.
local function paths_after(prefix, root, levels, limit, args)
  local path, last = path_within(prefix, root, args, 6, #args)
  local paths = {}
  while #paths < limit do
    local child = #path < levels and child_beside(prefix, path[#path] or root, last, false)
    if child then
      path[#path + 1] = child
      paths[#paths + 1] = table.concat(path, '/')
      last = ''
    elseif #path == 0 then break
    else last = table.remove(path) end
  end
  return paths
end

-- keys: tree; args: prefix id levels limit direction, and the path behind which, or before which, to go on.
local function descendants(keys, args)
  local list = args[5] == 'before' and paths_before or paths_after
  local paths = list(args[1], args[2], tonumber(args[3]), tonumber(args[4]), args)
  return {redis.call('GET', keys[1]), paths, redis.call('GET', args[1] .. 'n:' .. args[2])}
end

-- keys: tree history; args: the sequence behind which to go on, how many
local function account_history(keys, args)
  local low, high, after = 0, redis.call('LLEN', keys[2]), tonumber(args[1])
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sequence_of(redis.call('LINDEX', keys[2], middle)) > after then high = middle else low = middle + 1 end
  end
  return {redis.call('GET', keys[1]), redis.call('LRANGE', keys[2], low, low + tonumber(args[2]) - 1)}
end

-- keys: tree meta owners last; args: config, the account behind which to go on, how many
local function owners(keys, args)
  local from = args[2] == '' and '-' or '(' .. args[2]
  return {
    redis.call('GET', keys[1]), redis.call('HGET', keys[2], 'format'),
    redis.call('ZRANGEBYLEX', keys[3], from, '+', 'LIMIT', 0, args[3]), redis.call('HGET', keys[4], args[1]),
  }
end

-- Siblings that are read at a time, at most.
local MANY = 128

-- How many children of an account to read for a list of so many accounts, itself left out, and whether any of them has
-- accounts below it. Not by counts_of, which a commit uses: that holds what it has read until the next commit.
local function children_for(prefix, id, accounts)
  local counts, below = counts_in(redis.call('GET', prefix .. 'n:' .. id)), 0
  for _, count in ipairs(counts) do below = below + count end
  -- One more: where there are no others, the list ends there.
  return 1 + math.ceil(accounts * (counts[1] or 0) / math.max(1, below)), #counts > 1
end

-- Children of an account behind an id, so many at most: their ids, whether each is a reseller, has accounts below it, and has
-- a document by the index of owners.
local function children_behind(prefix, parent, id, limit, has_below, owners)
  local first = id == '' and '-' or '(' .. id
  local ids = redis.call('ZRANGEBYLEX', prefix .. 'k:' .. parent, first, '+', 'LIMIT', 0, limit)
  local children = {ids = ids, at = 1, are_all = #ids < limit, has_below = has_below}
  if #ids == 0 then return children end
  local names = {}
  for i, child in ipairs(ids) do
    names[i] = prefix .. 'a:' .. child
    if has_below then names[#ids + i] = prefix .. 'n:' .. child end
  end
  children.facts, children.owned = redis.call('MGET', unpack(names)), redis.call('ZMSCORE', owners, unpack(ids))
  return children
end

-- As place_of tells it, without its captures: every account that is listed is asked.
local function is_reseller(record)
  local version = string.find(record or '', '\\n', 1, true)
  local parent = version and string.find(record, '\\n', version + 1, true)
  return parent and string.sub(record, parent + 1, parent + 9) == 'reseller\\n'
end

-- keys: tree meta owners; args: prefix id limit, '1' for those below other resellers as well, and the path behind which to go
-- on. Of each account its path, whether it is a reseller, and whether it has a document.
local function inheriting(keys, args)
  local prefix, root, limit, is_through = args[1], args[2], tonumber(args[3]), args[4] == '1'
  local path, last = path_within(prefix, root, args, 5, #args)
  if last == '' and #path > 0 and not is_through and is_reseller(redis.call('GET', prefix .. 'a:' .. path[#path])) then
    last = table.remove(path)
  end
  -- Of each account on the path those of its children that are not told yet.
  local levels, found = {}, {}
  while #found < limit do
    local children = levels[#path]
    if not children or (children.at > #children.ids and not children.are_all) then
      local parent, left = path[#path] or root, limit - #found
      local wanted, has_below = children and 2 * #children.ids, children and children.has_below
      if not children then wanted, has_below = children_for(prefix, parent, left) end
      children = children_behind(prefix, parent, last, math.min(wanted, left, MANY), has_below, keys[3])
      children.way = #path == 0 and '' or table.concat(path, '/') .. '/'
      levels[#path] = children
    end
    local at, child = children.at, children.ids[children.at]
    if child then
      children.at, last = at + 1, child
      local reseller = is_reseller(children.facts[at])
      found[#found + 1] = children.way .. child .. (reseller and ' 1' or ' 0') .. (children.owned[at] and '1' or '0')
      if children.facts[#children.ids + at] and (is_through or not reseller) then
        path[#path + 1] = child
        levels[#path], last = nil, ''
      end
    elseif #path == 0 then break
    else last = table.remove(path) end
  end
  return {redis.call('GET', keys[1]), redis.call('HGET', keys[2], 'format'), found}
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

-- The reseller of an account that is there, or the root. Goes all the way, so that place is asked for each account above.
-- place: the parent of an account and whether it is a reseller; false where there is none.
local function reseller_of(id, place)
  local found
  local last, parent, steps = nil, place(id).parent, 0
  while parent ~= '' and steps <= 2 * TREE_DEPTH do
    local above = place(parent)
    if not above then break end
    if above.isReseller and not found then found = parent end
    last, parent, steps = parent, above.parent, steps + 1
  end
  return found or last
end

-- keys: tree; args: prefix system-owner bodies, then pairs of an account (or the system's owner) and a config id. Each
-- account on the ways to the root comes once; of each config what its layers have, the highest first: the whole record of
-- its own, and of the others that or the version alone. Behind them the blame of its own, or of all, where that is wanted.
local function layers(keys, args)
  local prefix, system, isWhole = args[1], args[2], args[3] ~= 'own'
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
  for i = 4, #args, 2 do
    local owner, config = args[i], args[i + 1]
    local owners = {}
    if owner == system then owners = {system}
    elseif place(owner) then
      owners = {owner, reseller_of(owner, place) or system}
      if owners[2] ~= system then owners[3] = system end
    end
    local texts = {}
    for layer, each in ipairs(owners) do
      texts[layer] = redis.call('GET', prefix .. ((isWhole or layer == 1) and 'd:' or 'v:') .. each .. ':' .. config)
    end
    local blamed = args[3] == 'blame' and #owners or args[3] == 'write' and math.min(#owners, 1) or 0
    for layer = 1, blamed do
      texts[#owners + layer] = redis.call('GET', prefix .. 'b:' .. owners[layer] .. ':' .. config)
    end
    configs[#configs + 1] = texts
  end
  local incarnation = redis.call('HGET', prefix .. 'meta', 'incarnation')
  return {redis.call('GET', keys[1]), incarnation, redis.call('GET', prefix .. 'seq'), records, configs}
end

-- keys: tree meta, then those whose texts are wanted
local function texts(keys)
  local found = {redis.call('MGET', keys[1])[1]}
  for i = 3, #keys do found[i - 1] = redis.call('MGET', keys[i])[1] end
  return {redis.call('HGET', keys[2], 'incarnation'), found}
end
`;
