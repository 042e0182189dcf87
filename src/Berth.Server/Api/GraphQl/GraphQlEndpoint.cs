using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Api.Description;
using Berth.Server.Access;
using Berth.Server.Api.Bodies;
using Berth.Server.Database;

namespace Berth.Server.Api.GraphQl;

/// <summary>
/// Answers the GraphQL queries that <c>gh</c> sends besides REST: <c>viewer{login}</c> when somebody signs in, and the ids of repositories
/// by their names for <c>gh secret set --repos</c>. Every other query gets 200 and an error, as usual in GraphQL.
/// </summary>
internal static class GraphQlEndpoint
{
    /// <summary>The scopes that show private repositories: those of the REST routes that return a repository's id.</summary>
    private static readonly string[] RepositoryScopes = ["repo", "codespace", "admin:org"];

    public static void MapGraphQl(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/graphql", QueryAsync).Requires(ApiNeed.User)
            .Takes<GraphQlRequest>();

    private static async Task<IResult> QueryAsync(HttpRequest request, ApiCaller caller, Db db, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync<GraphQlRequest>(request, "Query", cancellationToken);
        IReadOnlyList<GraphQlField> fields;
        try
        {
            fields = GraphQlQuery.Parse(body.Query);
            Check(fields);
        }
        catch (GraphQlException exception)
        {
            return Answer(json => WriteErrors(json, [new GraphQlError("NOT_IMPLEMENTED", null, exception.Message, null)]));
        }

        var found = await db.ReadAsync(session => RepositoriesAsync(session, fields, caller.User), cancellationToken);
        return Answer(json => WriteAnswer(json, fields, found, caller.User));
    }

    /// <summary>Refuses unknown fields before anything is looked up.</summary>
    private static void Check(IReadOnlyList<GraphQlField> fields)
    {
        foreach (var same in fields.GroupBy(field => field.Key, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            throw new GraphQlException($"'{same.Key}' stands there twice; give one of them another alias");
        }

        foreach (var field in fields)
        {
            var fits = field.Name switch
            {
                "__typename" => field is { Fields.Count: 0, Arguments.Count: 0 },
                "viewer" => field.Arguments.Count == 0 && AreLeaves(field, "login", "databaseId", "__typename"),
                "repository" => field.Arguments.Count == 2 && field.Arguments.ContainsKey("owner") && field.Arguments.ContainsKey("name")
                    && AreLeaves(field, "databaseId", "id", "name", "nameWithOwner", "__typename"),
                _ => false,
            };
            if (!fits)
            {
                throw new GraphQlException(
                    $"'{field.Key}' asks for what is not answered here: only viewer{{login databaseId}} and "
                    + $"repository(owner: \"…\", name: \"…\"){{databaseId id name nameWithOwner}} are; use the REST API "
                    + $"(line {field.Line}, column {field.Column})");
            }
        }
    }

    private static bool AreLeaves(GraphQlField field, params string[] known) =>
        field.Fields.Count > 0
            && field.Fields.All(
                inner => inner is { Fields.Count: 0, Arguments.Count: 0 } && known.Contains(inner.Name, StringComparer.Ordinal));

    /// <summary>Returns repositories by the key in the answer. Hidden and missing ones are both left out.</summary>
    private static async Task<Dictionary<string, RepositoryFacts>> RepositoriesAsync(
        DbSession session, IReadOnlyList<GraphQlField> fields, UserPrincipal user)
    {
        Dictionary<string, RepositoryFacts> found = new(StringComparer.Ordinal);
        var seesPrivate = RepositoryScopes.Any(user.Scopes.Has);
        foreach (var field in fields.Where(field => field.Name == "repository"))
        {
            var (login, name) = (field.Arguments["owner"], field.Arguments["name"]);
            if (IsName(login) && IsName(name)
                && await AccessDecisions.RepositoryAsync(session, user.UserId, login, name) is { } on
                && AccessRules.MayRead(on.Repository, on.Standing, seesPrivate))
            {
                found[field.Key] = on.Repository;
            }
        }

        return found;
    }

    /// <summary>Whether the text may be used in a database query as a name.</summary>
    private static bool IsName(string text) => text.Length is > 0 and <= 255 && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c));

    private static void WriteAnswer(
        Utf8JsonWriter json, IReadOnlyList<GraphQlField> fields, Dictionary<string, RepositoryFacts> found, UserPrincipal user)
    {
        List<GraphQlError> errors = [];
        json.WriteStartObject("data");
        foreach (var field in fields)
        {
            json.WritePropertyName(field.Key);
            if (field.Name == "__typename")
            {
                json.WriteStringValue("Query");
            }
            else if (field.Name == "viewer")
            {
                WriteFields(json, field, inner => inner switch { "login" => user.Login, "databaseId" => user.UserId, _ => "User" });
            }
            else if (found.TryGetValue(field.Key, out var repository))
            {
                WriteFields(json, field, inner => inner switch
                {
                    "databaseId" => repository.Id,
                    "id" => $"R_{repository.Id}",
                    "name" => repository.Name,
                    "nameWithOwner" => repository.FullName,
                    _ => "Repository",
                });
            }
            else
            {
                json.WriteNullValue();
                errors.Add(new GraphQlError(
                    "NOT_FOUND", field.Key,
                    $"Could not resolve to a Repository with the name '{field.Arguments["owner"]}/{field.Arguments["name"]}'.", field));
            }
        }

        json.WriteEndObject();
        WriteErrors(json, errors);
    }

    private static void WriteFields(Utf8JsonWriter json, GraphQlField field, Func<string, object> value)
    {
        json.WriteStartObject();
        foreach (var inner in field.Fields.DistinctBy(inner => inner.Key, StringComparer.Ordinal))
        {
            if (value(inner.Name) is long number)
            {
                json.WriteNumber(inner.Key, number);
            }
            else
            {
                json.WriteString(inner.Key, (string)value(inner.Name));
            }
        }

        json.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter json, List<GraphQlError> errors)
    {
        if (errors.Count == 0)
        {
            return;
        }

        json.WriteStartArray("errors");
        foreach (var error in errors)
        {
            json.WriteStartObject();
            json.WriteString("type", error.Type);
            if (error is { Path: { } path, Field: { } field })
            {
                json.WriteStartArray("path");
                json.WriteStringValue(path);
                json.WriteEndArray();
                json.WriteStartArray("locations");
                json.WriteStartObject();
                json.WriteNumber("line", field.Line);
                json.WriteNumber("column", field.Column);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteString("message", error.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static IResult Answer(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Results.Bytes(stream.ToArray(), "application/json; charset=utf-8");
    }

    private sealed record GraphQlError(string Type, string? Path, string Message, GraphQlField? Field);
}
