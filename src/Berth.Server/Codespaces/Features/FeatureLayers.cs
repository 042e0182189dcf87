using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;

namespace Berth.Server.Codespaces.Features;

/// <summary>
/// Makes features into layers of an image (containers.dev, "Invoking install.sh"). Each is copied in, and its script runs as root, with its
/// options and the users as variables. What features say about the container goes into the image's label.
/// </summary>
internal static class FeatureLayers
{
    public const string Script = "install.sh";

    private const string Place = "/tmp/berth-features";
    private const string Wrapper = "berth-install.sh";

    public static IEnumerable<string> Instructions(IReadOnlyList<Feature> features, string? user)
    {
        yield return "USER root";
        for (var i = 0; i < features.Count; i++)
        {
            foreach (var (name, value) in features[i].Environment)
            {
                yield return $"ENV {name}=\"{Quoted(value)}\"";
            }

            yield return $"COPY features/{i}/ {Place}/{i}/";
            yield return "RUN " + JsonSerializer.Serialize(new[] { "/bin/sh", $"{Place}/{i}/{Wrapper}", features[i].Name.Text });
        }

        yield return "USER " + (string.IsNullOrEmpty(user) ? "root" : user);
    }

    /// <summary>The files of the features, each with a script that sets its variables.</summary>
    public static Func<TarWriter, CancellationToken, Task> Files(
        IReadOnlyList<Feature> features, string containerUser, string remoteUser) => async (tar, cancellationToken) =>
    {
        for (var i = 0; i < features.Count; i++)
        {
            await features[i].Write(tar, $"features/{i}/", cancellationToken);
            await PackedFiles.TextAsync(
                tar, $"features/{i}/{Wrapper}", Install(features[i], i, containerUser, remoteUser), cancellationToken);
        }
    };

    /// <summary>The label of the image with features: the metadata of the image below, then that of each feature.</summary>
    /// <exception cref="Faults.FaultException">The label is larger than the rest of the budget.</exception>
    public static string Label(ImageMetadata below, IReadOnlyList<Feature> features, ExpansionBudget budget)
    {
        var label = ImageMetadata.Write(below.Entries.Concat(features.Select(feature => feature.Label())));
        budget.Send(label.Length, new TextPlace($"the label {ImageMetadata.Label} of the image with features"));
        return label;
    }

    private static string Install(Feature feature, int index, string containerUser, string remoteUser)
    {
        var script = new StringBuilder("set -e\n").Append("cd ").Append(Place).Append('/').Append(index).Append('\n');
        script.Append(
            "home() { (getent passwd \"$1\" 2>/dev/null || grep -E \"^$1:|^[^:]*:[^:]*:$1:\" /etc/passwd || true) | head -n 1 | cut -d: "
                + "-f6; }\n");
        Variable("_CONTAINER_USER", Shell(containerUser));
        Variable("_REMOTE_USER", Shell(remoteUser));
        Variable("_CONTAINER_USER_HOME", $"\"$(home {Shell(containerUser)})\"");
        Variable("_REMOTE_USER_HOME", $"\"$(home {Shell(remoteUser)})\"");
        foreach (var (name, value) in feature.Options)
        {
            Variable(Feature.VariableOf(name), Shell(value));
        }

        return script.Append("chmod +x ./")
            .Append(Script)
            .Append("\n./")
            .Append(Script)
            .Append("\ncd /\nrm -rf ")
            .Append(Place)
            .Append('/')
            .Append(index)
            .Append('\n')
            .ToString();

        void Variable(string name, string value) => script.Append("export ").Append(name).Append('=').Append(value).Append('\n');
    }

    private static string Shell(string text) =>
        "'" + text.Replace("\0", "", StringComparison.Ordinal).Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>Quotes a text for a Dockerfile. Variables are still replaced, since a feature may add to PATH.</summary>
    private static string Quoted(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
