using Berth.Server.Oci;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces;

/// <summary>An image by name, as a devcontainer.json names it, or <c>none</c>.</summary>
internal sealed class ImageNameAttribute : TextRuleAttribute
{
    public override string Takes => "image, as `docker pull` takes it, or `none`";

    protected override IEnumerable<string> Faults(string variable, string value) =>
        ImageReference.TryParse(value, RegistryHost.OfDockerHub, out _, out var fault) ? [] : [$"{variable}: {fault}"];
}
