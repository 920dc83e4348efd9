import { describe, expect, test } from "vitest";
import { describeRedis, parseRedisUrl } from "../../../src/store/redis/redis-url.js";

describe("the URL of a Redis", () => {
  test.each([
    ["redis://localhost", "redis://localhost:6379"],
    ["redis://localhost/", "redis://localhost:6379"],
    ["redis://10.0.0.1:7000/5", "redis://10.0.0.1:7000/5"],
    ["redis://[::1]:7000", "redis://[::1]:7000"],
    ["rediss://redis.example", "rediss://redis.example:6379"],
    ["redis+sentinel://a,b:1,c/main", "redis+sentinel://a:26379,b:1,c:26379/main"],
    ["redis+sentinel://a/main/2", "redis+sentinel://a:26379/main/2"],
    ["rediss+sentinel://a/main", "rediss+sentinel://a:26379/main"],
    ["redis+cluster://a,b:7001", "redis+cluster://a:6379,b:7001"],
    ["rediss+cluster://a/0", "rediss+cluster://a:6379"],
  ])("%s is read", (url, described) => {
    expect(describeRedis(parseRedisUrl(url))).toBe(described);
  });

  test.each([
    ["redis://:secret@h", undefined, "secret"],
    ["redis://user@h", "user", undefined],
    ["redis://user:@h", "user", ""],
    ["redis://us%40er:se%3Acr%2Fet@h", "us@er", "se:cr/et"],
    ["redis+cluster://user:a:b@h,i", "user", "a:b"],
  ])("%s: user and password are kept, and not shown", (url, username, password) => {
    const target = parseRedisUrl(url);
    expect([target.username, target.password]).toEqual([username, password]);
    expect(describeRedis(target)).not.toMatch(/user|secret|et/);
  });

  test.each([
    "redis://",
    "redis://h:0",
    "redis://h:65536",
    "redis://h:port",
    "redis://h/one",
    "redis://h/1/2",
    "redis://h,,i",
    "redis://h i",
    "redis://[::1",
    "redis://a%zz:b@h",
    "redis+sentinel://h",
    "redis+cluster://h/1",
    "http://h",
    "h:6379",
  ])("%s is refused, without being repeated", (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/^(is|has|lacks|names) /);
  });
});
