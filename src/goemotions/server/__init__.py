"""HTTP server and its page (extra ``serve``): the shapes of Hugging Face's and TEI's APIs, and one of our own."""
