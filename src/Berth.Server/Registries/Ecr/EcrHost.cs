using System.Text.RegularExpressions;

namespace Berth.Server.Registries.Ecr;

/// <summary>
/// An Amazon ECR registry, by its host name: <c>ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com</c>, China's <c>.com.cn</c>, the dual-stack
/// forms <c>ACCOUNT.dkr-ecr[-fips].REGION.on.aws</c>, and ECR Public. An access key pair is exchanged for the short-lived token that such a
/// registry accepts.
/// </summary>
public sealed partial record EcrHost
{
    private EcrHost()
    {
    }

    public bool IsPublic { get; private init; }

    /// <summary>Twelve digits. Empty for ECR Public.</summary>
    public string Account { get; private init; } = "";

    public string Region { get; private init; } = "";

    public bool Fips { get; private init; }

    public bool DualStack { get; private init; }

    public bool China { get; private init; }

    /// <summary>The service's name in signatures.</summary>
    public string Service => IsPublic ? "ecr-public" : "ecr";

    /// <summary>The API endpoint that answers <c>GetAuthorizationToken</c>.</summary>
    public Uri Endpoint => new(
        IsPublic ? "https://api.ecr-public.us-east-1.amazonaws.com/"
        : DualStack ? $"https://ecr{(Fips ? "-fips" : "")}.{Region}.api.{(China ? "amazonwebservices.com.cn" : "aws")}/"
        : Fips ? $"https://ecr-fips.{Region}.{Domain}/"
        : $"https://api.ecr.{Region}.{Domain}/");

    private string Domain => China ? "amazonaws.com.cn" : "amazonaws.com";

    /// <summary>Null for every other registry.</summary>
    public static EcrHost? Of(string host)
    {
        if (host is "public.ecr.aws" or "ecr-public.aws.com")
        {
            // ECR Public has its login endpoint in one region only.
            return new EcrHost { IsPublic = true, Region = "us-east-1" };
        }

        var match = Pattern().Match(host);
        if (!match.Success)
        {
            return null;
        }

        var suffix = match.Groups["suffix"].Value;
        return new EcrHost
        {
            Account = match.Groups["account"].Value,
            Region = match.Groups["region"].Value,
            Fips = match.Groups["fips"].Success,
            DualStack = suffix is "on.aws" or "on.amazonwebservices.com.cn",
            China = suffix.EndsWith(".cn", StringComparison.Ordinal),
        };
    }

    [GeneratedRegex(
        @"^(?<account>[0-9]{12})\.dkr[.-]ecr(?<fips>-fips)?\.(?<region>[a-z]{2}(-[a-z]+){1,2}-[0-9]{1,2})\."
            + @"(?<suffix>amazonaws\.com|amazonaws\.com\.cn|on\.aws|on\.amazonwebservices\.com\.cn)$",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
