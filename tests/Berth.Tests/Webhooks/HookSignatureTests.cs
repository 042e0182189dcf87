using Berth.Server.Webhooks;

namespace Berth.Tests.Webhooks;

public sealed class HookSignatureTests
{
    /// <summary>GitHub's own example, "Validating webhook deliveries".</summary>
    [Fact]
    public void It_is_the_one_that_GitHub_documents() => Assert.Equal(
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        HookSignature.Sha256("It's a Secret to Everybody"u8, "Hello, World!"u8));
}
