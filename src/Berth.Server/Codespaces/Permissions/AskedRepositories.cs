using System.Text.Json;
using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Permissions;

/// <summary>One entry of the list.</summary>
/// <param name="Name"><c>owner/name</c> or <c>owner/*</c>.</param>
/// <param name="Contents">The access that it asks for git: <c>read</c>, <c>write</c>, or null for none.</param>
internal sealed record AskedRepository(string Name, bool Packages, string? Contents);

/// <summary>
/// The list <c>customizations.codespaces.repositories</c> of a devcontainer.json. It names the other repositories whose packages codespaces
/// want to read, and those that git inside wants to reach (<c>contents</c>).
/// As at GitHub (https://docs.github.com/codespaces/managing-your-codespaces/managing-repository-access-for-your-codespaces) packages can
/// only be read, and <c>owner/*</c> stands for all repositories of an owner. Other permissions have no effect here. Only the repository's
/// own file counts, not the metadata of images.
/// </summary>
internal sealed record AskedRepositories(IReadOnlyList<AskedRepository> Asked, IReadOnlyList<string> Remarks)
{
    public const int Most = 100;
    private const string Property = "customizations.codespaces.repositories";

    public static AskedRepositories Read(DevcontainerFile file)
    {
        if (Inner(Inner(Inner(file.Content, "customizations"), "codespaces"), "repositories") is not { } repositories)
        {
            return new([], []);
        }

        List<AskedRepository> asked = [];
        List<string> remarks = [];
        foreach (var entry in repositories.EnumerateObject())
        {
            switch ((Packages: Level(entry.Value, "packages"), Contents: Level(entry.Value, "contents")))
            {
                case (null, null):
                    remarks.Add(
                        $"{Property}: {entry.Name} asks for nothing that a codespace can be given here; it can be packages: read, and "
                            + "contents: read or write");
                    break;
                case var _ when !IsName(entry.Name):
                    remarks.Add($"{Property}: '{entry.Name}' is not owner/name or owner/*");
                    break;
                case var _ when asked.Count == Most:
                    remarks.Add($"{Property}: {entry.Name} is one too many, at most {Most} repositories can be named");
                    break;
                case var level:
                    asked.Add(new AskedRepository(entry.Name, level.Packages is not null, level.Contents));
                    if (level.Packages == "write")
                    {
                        remarks.Add($"{Property}: {entry.Name} asks to write packages; a codespace's token only reads them");
                    }

                    break;
            }
        }

        return new(asked, remarks);
    }

    /// <summary>The access that is asked for: <c>read</c>, <c>write</c>, or null for none.</summary>
    private static string? Level(JsonElement asked, string what)
    {
        var permissions = Inner(asked, "permissions", anyKind: true);
        return permissions switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString() switch { "read-all" => "read", "write-all" => "write", _ => null },
            { ValueKind: JsonValueKind.Object } =>
                Inner(permissions.Value, what, anyKind: true) is { ValueKind: JsonValueKind.String } level
                    && level.GetString() is "read" or "write" ? level.GetString() : null,
            _ => null,
        };
    }

    private static JsonElement? Inner(JsonElement? element, string name, bool anyKind = false) =>
        element is { ValueKind: JsonValueKind.Object } parent
            && parent.TryGetProperty(name, out var value)
            && (anyKind || value.ValueKind == JsonValueKind.Object)
            ? value
            : null;

    private static bool IsName(string text) =>
        text.Length <= 200 && text.Split('/') is [{ Length: > 0 } owner, { Length: > 0 } name]
        && owner.All(IsLetter) && (name == "*" || name.All(IsLetter));

    private static bool IsLetter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
