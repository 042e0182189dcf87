using System.Net;
using System.Text.Json;
using Berth.Server.Api.GraphQl;
using Berth.Tests.TestServer;

namespace Berth.Tests.Api;

/// <summary>The queries that <c>gh</c> sends to <c>/api/graphql</c>.</summary>
public sealed class GraphQlTests(SharedServer shared)
{
    private BerthServer Server => shared.Server;

    [Fact]
    public async Task The_viewer_is_the_caller()
    {
        var ada = await Server.UserAsync();
        var answer = await AskAsync(ada, "query UserCurrent{viewer{login}}");
        Assert.Equal(ada.Login, answer.GetProperty("data").GetProperty("viewer").GetProperty("login").GetString());
        Assert.False(answer.TryGetProperty("errors", out _));
    }

    /// <summary>gh sends this for <c>--repos</c>.</summary>
    [Fact]
    public async Task Repositories_are_found_by_name_and_hidden_ones_look_like_missing_ones()
    {
        var (ada, bob) = (await Server.UserAsync(), await Server.UserAsync("bob"));
        var (own, open, hidden) = (
            await ada.RepositoryAsync(ada.Login), await bob.RepositoryAsync(bob.Login, "open", "public"),
            await bob.RepositoryAsync(bob.Login, "hidden"));
        var answer = await AskAsync(
            ada,
            $$"""
            query MapRepositoryNames {
              repo_000: repository(owner: "{{ada.Login}}", name: "APP") { databaseId }
              repo_001: repository(owner: "{{bob.Login}}", name: "open") { databaseId }
              repo_002: repository(owner: "{{bob.Login}}", name: "hidden") { databaseId }
              repo_003: repository(owner: "{{bob.Login}}", name: "missing") { databaseId }
              repo_004: repository(owner: "no-such-account", name: "hidden") { databaseId }
            }
            """);
        var data = answer.GetProperty("data");
        Assert.Equal(
            (await ada.GetAsync($"/repos/{own}"))["id"].GetInt64(), data.GetProperty("repo_000").GetProperty("databaseId").GetInt64());
        Assert.Equal(
            (await bob.GetAsync($"/repos/{open}"))["id"].GetInt64(), data.GetProperty("repo_001").GetProperty("databaseId").GetInt64());
        var errors = answer.GetProperty("errors").EnumerateArray().ToArray();
        Assert.Equal(3, errors.Length);
        foreach (var (error, key, name) in new[]
        {
            (errors[0], "repo_002", hidden),
            (errors[1], "repo_003", $"{bob.Login}/missing"),
            (errors[2], "repo_004", "no-such-account/hidden"),
        })
        {
            Assert.Equal(JsonValueKind.Null, data.GetProperty(key).ValueKind);
            Assert.Equal("NOT_FOUND", error.GetProperty("type").GetString());
            Assert.Equal(key, error.GetProperty("path")[0].GetString());
            Assert.Equal($"Could not resolve to a Repository with the name '{name}'.", error.GetProperty("message").GetString());
        }
    }

    [Theory]
    [InlineData("codespace", true)]
    [InlineData("repo", true)]
    [InlineData("read:packages", false)]
    public async Task A_private_repository_takes_a_scope_that_sees_repositories(string scopes, bool seen)
    {
        var ada = await Server.UserAsync();
        await ada.RepositoryAsync(ada.Login);
        var answer = await AskAsync(
            await ada.WithTokenAsync(scopes), $$"""{ r: repository(owner: "{{ada.Login}}", name: "app") { databaseId } }""");
        Assert.Equal(seen, answer.GetProperty("data").GetProperty("r").ValueKind == JsonValueKind.Object);
    }

    [Theory]
    [InlineData("mutation { x }", "only queries are answered here, no mutation")]
    [InlineData("query Q($o: String!) { repository(owner: $o, name: \"a\") { databaseId } }", "variables are not known here")]
    [InlineData("{ repository(owner: $o, name: \"a\") { databaseId } }", "variables are not known here")]
    [InlineData("{ viewer { ...F } }", "fragments are not known here")]
    [InlineData("{ viewer @skip(if: true) { login } }", "directives are not known here")]
    [InlineData("{ viewer { login } viewer { login } }", "stands there twice")]
    [InlineData("{ viewer { email } }", "asks for what is not answered here")]
    [InlineData("{ repository(owner: \"a\") { databaseId } }", "asks for what is not answered here")]
    [InlineData("{ repository(owner: \"a\", owner: \"b\") { databaseId } }", "the argument owner stands there twice")]
    [InlineData("{ repository(owner: \"a\", name: \"b\") }", "asks for what is not answered here")]
    [InlineData("{ __schema { types { name } } }", "asks for what is not answered here")]
    [InlineData("{ viewer { login }", "'}' is expected (line 1, column 19)")]
    [InlineData("{ viewer { } }", "a selection must have fields")]
    [InlineData("{ repository(owner: \"a", "a string does not end")]
    [InlineData("{ repository(owner: \"\\x\", name: \"b\") { id } }", "an escape that there is not")]
    [InlineData("{ repository(owner: \"\\ud800\", name: \"b\") { id } }", "characters that no name has")]
    [InlineData("{ repository(owner: 7, name: \"b\") { id } }", "a string is expected")]
    [InlineData("{ viewer { login } } { viewer { login } }", "one operation at a time")]
    [InlineData("{a{a{a{a{a{a{a{a{a{a}}}}}}}}}}", "nested more than 8 deep")]
    [InlineData("{", "'}' is expected")]
    [InlineData("query", "'{' is expected")]
    public async Task What_is_not_understood_is_an_error_in_the_answer(string query, string message)
    {
        var answer = await AskAsync(await Server.UserAsync(), query);
        Assert.False(answer.TryGetProperty("data", out _));
        Assert.Contains(message, answer.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_query_has_a_limited_number_of_fields()
    {
        var many = string.Concat(
            Enumerable.Range(0, GraphQlQuery.MostFields / 2).Select(i => $"r{i}: repository(owner: \"a\", name: \"b\") {{ id }} "));
        Assert.Equal(GraphQlQuery.MostFields / 2, GraphQlQuery.Parse($"{{ {many} }}").Count);
        Assert.Throws<GraphQlException>(() => GraphQlQuery.Parse($"{{ {many} x }}"));
    }

    [Fact]
    public void Names_strings_and_comments_are_read_as_the_language_says()
    {
        var field = Assert.Single(GraphQlQuery.Parse("\ufeff# a remark { }\nquery Q {\n  a: b(c: \"d\\\"\\u0041\\n\",,) { e }\n}"));
        Assert.Equal(("a", "b", "d\"A\n", 3, 3), (field.Key, field.Name, field.Arguments["c"], field.Line, field.Column));
        Assert.Equal("e", Assert.Single(field.Fields).Name);
    }

    private static async Task<JsonElement> AskAsync(Person person, string query)
    {
        var reply = await person.SendAsync("POST", "/api/graphql", JsonSerializer.Serialize(new { query }));
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        return reply.Json;
    }
}
