using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Expansion;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// The variables of stages, as far as the Dockerfile itself sets them. Berth needs them before any image is fetched. They are read on
/// demand, up to the line that was read last.
/// </summary>
internal sealed partial class StageScopes(
    char escape, IReadOnlyDictionary<string, string> arguments, DockerfileVariables global, ExpansionBudget budget)
{
    private readonly Dictionary<DockerfileStage, Scope> _scopes = new(ReferenceEqualityComparer.Instance);

    private sealed class Scope(DockerfileVariables variables, bool known)
    {
        public DockerfileVariables Variables => variables;

        /// <summary>No image below can set other variables.</summary>
        public bool Known => known;

        /// <summary>Variables set by ENV. They win over ARG, and apply in stages that begin with this one.</summary>
        public HashSet<string> Environment { get; } = new(StringComparer.Ordinal);

        /// <summary>Variables whose value is not known.</summary>
        public HashSet<string> Open { get; } = new(StringComparer.Ordinal);

        public int Next { get; set; }
    }

    /// <returns>Null when the text is not valid, or has a variable whose value is not known.</returns>
    public string? Expand(IReadOnlyList<DockerfileStage> stages, DockerfileStage stage, string text, TextPlace place) =>
        Expand(Of(stages, stage, place), text, place);

    private Scope Of(IReadOnlyList<DockerfileStage> stages, DockerfileStage stage, TextPlace place)
    {
        if (!_scopes.TryGetValue(stage, out var scope))
        {
            scope = new Scope(new DockerfileVariables(escape, budget), stage.Base is { Stage: null, Image: null });
            if (stage.Base.Stage is { } parent)
            {
                var below = Of(stages, stages[parent], place);
                scope = new Scope(new DockerfileVariables(escape, budget), below.Known);
                foreach (var name in below.Environment)
                {
                    scope.Environment.Add(name);
                    Set(scope, name, below.Open.Contains(name) ? null : below.Variables.Find(name));
                }
            }

            _scopes[stage] = scope;
        }

        for (; scope.Next < stage.Lines.Count; scope.Next++)
        {
            Read(scope, stage.Lines[scope.Next].Parts[0].Text, place);
        }

        return scope;
    }

    private void Read(Scope scope, string line, TextPlace place)
    {
        var rest = line.Length > 4 ? line[4..].TrimStart() : "";
        if (line.StartsWith("ENV ", StringComparison.Ordinal))
        {
            // All variables of one instruction are replaced with the values before it.
            var values = DockerfileWords.Pairs(rest, escape, withOldForm: true)
                .Select(pair => (pair.Name, Value: Expand(scope, pair.Value ?? "", place))).ToList();
            foreach (var (name, value) in values)
            {
                scope.Environment.Add(name);
                Set(scope, name, value);
            }
        }
        else if (line.StartsWith("ARG ", StringComparison.Ordinal))
        {
            foreach (var (name, text) in DockerfileWords.Pairs(rest, escape, withOldForm: false)
                .Where(pair => !scope.Environment.Contains(pair.Name)))
            {
                var given = arguments.GetValueOrDefault(name) ?? (text is null ? global.Find(name) : null);
                if (given is not null || text is not null)
                {
                    Set(scope, name, given ?? Expand(scope, text!, place));
                }
            }
        }
    }

    private static void Set(Scope scope, string name, string? value)
    {
        if (value is null)
        {
            scope.Open.Add(name);
        }
        else
        {
            scope.Variables.Set(name, value);
            scope.Open.Remove(name);
        }
    }

    private static string? Expand(Scope scope, string text, TextPlace place) =>
        Variable().Matches(text).Select(match => match.Groups["name"].Value)
            .Any(name => scope.Open.Contains(name) || (!scope.Known && scope.Variables.Find(name) is null))
            ? null
            : scope.Variables.Expand(text, place);

    [GeneratedRegex(@"\$\{?(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Variable();
}
